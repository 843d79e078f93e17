"""Portuguese, as buyers in Brazil write it: short, without accents, with their own spelling."""

from aftersales.domain.lexicons.lexicon import Lexicon

PORTUGUESE = Lexicon(
    language="pt",
    weights="""
4/-3: recomendo | recomendad* | recomendaria | recomendarei | recomendavel | recomend* | reconendo
4: excelente* | exelente* | escelente* | excelencia | excepcional | perfeit* | maravilh* | otim* | optim*
4: fantastic* | sensacional | nota 10 | nota dez | nota mil | incrivel | impecavel* | espetacular*
4: show de bola | show | adorei | amei | amo | amamos | adoramos | amaram | amou | adorou | adoraram
4: apaixonad* | superou | superaram | sucesso
3: parabens | parabenizo | top | lind* | maravilhad* | satisfatori* | feliz | felizes | encantad*
3: de primeira | muito bom | muito boa | muito bem | super bem | bem feit* | bem acabad* | bem embalad*
3: vale a pena | valeu a pena | antes do prazo | antes da data | antes do previsto | antes do esperado
3: antes do combinado | antes do tempo | antes do final do prazo | bem antes | muito antes | antes ate
3: chegou antes | entregue antes | veio antes | chegou cedo | entrega antecipada | adiantad*
3: antecedencia | dias antes | antes mesmo | antes que eu esperava | melhor ainda | sem problemas
3: sem problema | nada a reclamar | nada do que reclamar | nada a desejar
3/-3: satisfeit* | gostei | gostamos | gostou | gostaram | gosto muito | gostando | contente
2: rapid* | rapidinho | rapidez | agil* | agilidade | pontual* | eficien* | eficacia | confiavel
2: seriedade | atencios* | no prazo | dentro do prazo | dentro prazo | prazo certo | no tempo certo
2: data certa | prazo correto | em dia | bonit* | fof* | macio | macia | confortavel | resistente
2: duravel | elegante | delicad* | cheiros* | gostos* | certinho | direitinho | tudo certo | tudo ok
2: tudo bem | em ordem | tudo perfeito | td certo | td ok | td perfeito | conforme anunciado
2: conforme o anunci* | conforme combinado | conforme acordado | conforme esperado | conforme
2: como anunciado | como esperado | como esperava | como prometido | como descrito | de acordo
2: correspond* | igual a foto | igual da foto | igual ao anunci* | identico | ideal | util | facil
2: pratic* | caprichad* | caprich* | boa qualidade | qualidade | alta qualidade | bom preco | preco justo
2: bom estado | custo beneficio | tranquil* | obrigad* | agradec* | grat* | vlw | legal | bacana
2: da hora | elogi* | comprometimento | confianca | confiante | expectativa | expectativas
2: compraria novamente | comprarei | voltarei | volto a comprar | indico | indicaria | continuem assim
2: continue assim | melhor | adequad* | original | correto | correta | corretamente | positiv*
2: transparencia | amo comprar | adoro
2/-3: bom | boa | bons | boas | funciona | funcionou | funcionam | funcionando | funcionar | atende
2/-3: atendeu | serviu
0: melhorar | boa tarde | boa noite | bom dia | boa sorte | por favor | mais ou menos | bom senso
0: de preferencia | ainda não testei | ainda não usei | ainda nao abri | não testei | só uma coisa
0: não foi culpa | não tenho do que reclamar | gostaria | boa fe | direito | original da | qualidade do
0: qualidade da | data correta | melhor prazo | obrigado a
1/-2: ok | certo | certa | compens* | normal | chegaram | chegou bem | de fato
0/-3: recebi | recebie | recebido | recebida | receber | recebemos | recebeu | recebo | chegou | chegar
0/-3: chega | chegado | chego | entregue | entregues | entregaram | entregou | entregar | entrega | veio
0/-3: vieram | enviaram | enviou | enviado | respond* | retornam | retornaram | resolv* | solucion*
0/-3: cumpr* | entraram em contato | liga | ligou | honr* | consigo | consegui | conseguimos | conseguiu
0/-3: devolv* | reembols* | localiz* | atualiz* | deram retorno
0/-2: compro | comprem | compre | usei | serve | servem | encaix* | confere | esta funcionando | postado
0/-2: postaram | entendi | conta | autorizado | explic* | constava | veio igual | acompanha | combina
0/-2: compativel | condiz*
-4: pessim* | horrivel | horriveis | terrivel | lamentavel | vergonha | vergonhos* | absurd* | ridicul*
-4: lixo | porcaria | enganos* | enganad* | engana* | enganar* | golpe | fraude | mentir* | mentiu
-4: falsific* | pirata* | falso | falsa | propaganda enganosa | propaganda falsa | procon | processar
-4: justica | ladr* | roub* | estelionato | desrespeit* | falta de respeito | falta de compromisso
-4: falta de consideracao | decepc* | decepcion* | odeio | odiei | detest* | descaso | nunca mais
-4: jamais | inaceitavel | palhacada | sacanagem | indignad* | revolt* | arrepend* | arrepen*
-3: insatisf* | chatead* | frustrad* | frustr* | triste | nojo | raiva | ruim | ruins | pior | piores
-3: horror | com defeito | defeit* | defeituos* | quebrad* | quebrou | quebra | danificad* | avariad*
-3: avaria | rasgad* | rachad* | amassad* | trincad* | estragad* | estragou | vazando | vazou | sujo
-3: suja | sujeira | manchad* | torto | torta | mofad* | vencid* | enferrujad* | descolou | descolando
-3: soltou | soltando | rasgou | rachou | queimad* | queimou | errad* | erro | troc* | trocad*
-3: veio outro | veio outra | mandaram outro | mandou outro | outra marca | outra cor | recebi outro
-3: recebi outra | recebi apenas | recebi somente | so recebi | recebi so | recebeu apenas | recebi 1
-3: so chegou | chegou so | chegou apenas | veio so | veio apenas | veio somente | so veio | apenas um
-3: apenas uma | veio faltando | falt* | faltando | faltou | faltam | incomplet* | pela metade
-3: caixa vazia | vazi* | so um | so uma | atras* | atraz* | demor* | demorad* | lent* | extrapol*
-3: fora do prazo | fora da data | passou do prazo | venceu | cade | ate agora nada | ate hoje nada
-3: nada ainda | ainda nada | e nada | ate hoje | ate agora | ate o momento | ainda nao
-3: estou aguardando | aguardando | aguardo | no aguardo | esperando | estou esperando
-3: continuo esperando | extravi* | extraviad* | perdid* | sumiu | desaparec* | voltou para
-3: produto voltou | foi devolvido | reclam* | problema* | estorn* | estorno | cancel* | devoluc*
-3: quero devolver | reembolso | dinheiro de volta | meu dinheiro | ressarc* | prejuizo | prejudic*
-3: enrol* | sem resposta | sem retorno | nenhuma resposta | nenhum retorno | nenhum contato
-3: nenhuma satisfacao | nem satisfacao | satisfacao | descumpr* | sem nota | deixa a desejar
-3: deixou a desejar | deixa muito a desejar | a desejar | irregularidade | parou de | deixou de
-3: generic* | replica | diferente do | diferente da | bem diferente | totalmente diferente | diferente
-3: usado | aparencia de usado | segunda linha | mal acabad* | mal feit* | mal embalad* | mal feito
-3: vagabund* | desleix* | muito pequeno | muito fino | pouca qualidade | baixa qualidade | sem qualidade
-3: qualidade ruim | qualidade inferior | inferior | pessima qualidade | ma qualidade | de urgencia
-3: urgen* | dificuldade | burocra* | confus* | confusa | desorganiz* | despreparad* | despreparo
-3: negligenc* | irrespons*
-2: fraco | fraca | fragil | frageis | fino | fina | finas | finos | aspero | mole | desconfort*
-2: apertad* | desencontrad* | caro | cara | ponto negativo | negativ* | infelizmente | pena que
-2: que pena | uma pena | complicad* | arranh* | riscad* | risco | pouco tempo | poderia | deveria
-2: pensei que | achei que | esperava mais | nada demais | regular | medio | media | nem todos | sem cola
-2: vou devolver | preciso devolver | tive que | tenho que | teve que | ruido | barulho | apert*
-2: dificil | difici* | cobr* | taxa | taxad*
-1: antes de | previsao | como faco | o que faco | quando | resposta | providencia* | sac | solucao
-1: telefone | correios
""",
    denials="""
-1: não | n | naum | nunca | nem | tampouco | nada | ninguem
0: sem | nenhum | nenhuma
""",
    degrees={
        1.5: "muito | muita | muitos | muitas | muitissimo | mto | mt | mui | super | bastante | extremamente"
        " | totalmente | bem | demais | completamente | tao | mega | hiper",
        0.5: "pouco | um pouco | um pouquinho | meio | pequen* | levemente | quase",
    },
    contrasts="mas | porem | contudo | entretanto | todavia | no entanto | só que | , mais | apesar de tudo",
    common="de a o que e do da em um para com uma os no se na por as dos como ao ele das à seu sua ou quando"
    " muito nos já eu também só pelo pela até isso ela entre depois mesmo aos seus quem nas me esse"
    " eles você essa num nem suas meu às minha numa pelos elas qual nós lhe deles essas esses pelas"
    " este dele tu te vocês vos lhes meus minhas foi está são ser tem ter produto produtos loja compra"
    " comprei pedido mercadoria entrega prazo correio vendedor site preço veio chegou pra hoje ainda"
    " agora meses dias boa tarde noite tudo vcs vc pq",
)
