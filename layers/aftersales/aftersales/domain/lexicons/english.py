"""English."""

from aftersales.domain.lexicons.lexicon import Lexicon

ENGLISH = Lexicon(
    language="en",
    weights="""
4/-3: excellent* | perfect* | amazing* | awesome | outstanding | fantastic* | wonderful* | superb
4/-3: brilliant | flawless* | love | loved | loves | lovely | beautiful* | stunning | delight* | thrilled
4/-3: best | 5 stars | five stars | highly recommend* | exceeded | a gem | spot on | couldnt be happier
4/-3: could not be happier
3/-3: recommend* | great | happy | pleased | satisf* | impress* | glad | gorgeous | enjoy* | grateful
3/-3: bargain
3: exactly what | just what | better than | like a charm | no issues | no problem | no problems
3/-3: buy from them again | buy from you again | buy again | order again | shop again | use again | purchase again
3: fixed my problem | fixed the problem | solved my problem | solved the problem | problem solved | fixed it
3: resolved the issue | resolved my issue | cant fault | before the deadline | ahead of schedule
3: earlier than expected | arrived early | came early
3: well made | well packed | well packaged | well worth | worth every
3: works perfectly | good as new | no complaints
2/-3: good | works | work | working | worked | fits | fit | nice | reliable | fine | worth | useful
2/-3: helpful | correct | like | liked
2: fast | quick* | prompt* | swift* | speedy | on time | in time | next day | easy | sturdy | durable
2: solid | comfortable | soft | friendly | polite | professional | efficient* | smooth* | thank* | thx
2: value for money | high quality | quality | as described | as advertised | as pictured | as expected
2: as shown | as promised | in one piece | careful* | cute | elegant | genuine | authentic | accurate*
2: resolved | sorted | solved | kind | responsive
1: ok | okay | decent | fair | intact | new | matches | looks like the picture
0: even though | good luck | at best | best before | good morning | good evening | would like
0: looks like | look like
0: well | i like to | kind of | fair enough | would be nice | would have been nice | best regards
0: kind regards | not only | no doubt | used to | better if | supposed to work | too good to be true
0/-3: arrive | arrived | arrives | receive | received | receiving | delivered | came | come | shipped
0/-3: sent | turned up | showed up | respond* | reply | replied | replies | answer* | refund | refunded
0/-3: turn on | turns on | switch on
0/-3: buy | left | use
0/-2: recognise* | contact* | included | include | help | helped | match | charge | charges | open
0/-2: close | last | lasted | explain* | care | cares | get | got | find | anything | a response
0/-2: updated
-4: terrible | horrible | horrid | awful | worst | disgust* | garbage | rubbish | scam* | fraud* | fake
-4: fakes | liar* | lies | lied | lying | thief | thieves | stole | stolen | steal | ripped off | rip off
-4: ripoff | cheat* | atrocious | counterfeit* | appalling* | pathetic | useless | worthless
-4: unacceptable | shame* | disgrace* | hate | hated | never again | waste of money | waste of time
-4: a waste | avoid | stay away | beware | misleading | deceiv* | decept* | dishonest* | disappoint*
-4: dissatisf* | unsatisf* | furious | angry | outrag* | ridiculous* | joke | crap | crappy | dont waste
-4: do not waste | junk | shit* | do not buy | dont buy | not worth | ignored | zero stars | one star
-4: 1 star | false advertising
-3: bad | badly | poor* | broken | broke | breaks | damage* | defect* | faulty | fault* | cracked | crack
-3: cracks | scratch* | shatter* | dent | dented | torn | ripped | leak* | stain* | dirty | filthy
-3: smelly | smells | stinks | stink | mouldy | moldy | rotten | expired | rust* | bent | burnt | burned
-3: dead on arrival | dead | doa | ruined | wrong | incorrect* | missing | incomplete | late | delay*
-3: overdue | slow* | lost | empty box | empty | mistake* | not as described | not as advertised
-3: nothing like | looks nothing like | different | other colour | other color | still waiting
-3: been waiting | waiting | weeks late | days late | no reply | no response | no answer | no refund
-3: no help | unhelpful | rude* | unprofessional | careless* | unreliable | complain* | problem* | issue*
-3: trouble* | return it | sent it back | send it back | returning | money back | want a refund
-3: requested a refund | ask for a refund | stopped working | stops working | fell apart | falls apart
-3: fell off | falling apart | falls off | came apart | does not work | doesnt work | didnt work
-3: did not work | wont turn on | doesnt fit | cheaply made | cheap plastic | regret* | upset | annoy*
-3: frustrat* | unhappy | unusable | flimsy | inferior | low quality | poor quality | third party
-3: refuse* | refusing | only half | half of | only one | only received | short of | not what i ordered
-3: instead of | nowhere | unfortunately | sadly | worse | fail* | fails | flaw* | nightmare | mess
-3: terribly
-3: stopped | soaked | soaking wet | crushed | squashed | snapped | smashed | melted | frayed
-3: cancelled | canceled | still no | still not | still havent | still hasnt | no parcel | no package
-3: no delivery | no tracking | no instructions | not a single | has been used | clearly used | already used
-3: was used | were used | been opened | in pieces | wants me to pay | wont refund | will not refund
-3: chargeback
-3: never turned up | went missing | goes missing | gone missing | in the bin | bin it | threw it away
-3: overheats | overheating | caught fire | exploded | sparks | peeling | peels | unglued | misprinted
-3: dropped it | left in the rain | left outside | dumped | poisonous | allergic | rash
-3: does nothing | doesnt do anything | cannot use | cant use | could not use | couldnt use | stale | mold
-3: came off | comes off | coming off | came undone | coming undone | comes undone | unstitched | fell out
-3: impossible | someone elses | somebody elses | nothing here | nothing inside | nothing arrived | blames
-3: blamed | blaming | for weeks | for months | two weeks | three weeks | four weeks | a month late
-3: too small | too big | too large | too short | too long | too tight | too thin | two months
-3: far too | way too | undersized | mismatched | crooked | uneven | rattles | squeaks | jams | jammed
-3: stuck | freezes | crashes | unreadable | illegible | no sound | no power | will not charge | wont charge
-3: not charging | dies | died | drains | ignores | ignoring | hung up | no show | nowhere to be seen
-3: promised | charged twice | overcharged | extra fee | hidden fee | customs fee | false | excuses
-3: chipped | hole | holes | smaller than | bigger than | shorter than | thinner than | second time | twice
-3: lose | loses | stranger | loud | loudly | clueless | close the case | keeps asking
-3: forever | five weeks | six weeks | eight weeks | completely off | marks | marked | see through
-2: cheap | expensive | overpriced | pricey | small | thin | weak | fragile | uncomfortable | tight
-2: loose | noisy | confus*
-2: difficult | hard to | expected better | expected more | could be better | should have | used
-2: second hand | opened | wait | weeks | where is | still | refund please | wobbl* | itchy | faded
-2: fades | shrunk | shrank | dull | boring | mediocre | so so | meh
-1: supposed to | however long | only | customs | as if
""",
    denials="""
-1: not | dont | doesnt | didnt | isnt | wasnt | arent | werent | wont | cant | cannot | couldnt
-1: wouldnt | hasnt | havent | hadnt | shouldnt | never | nobody | nothing | neither | nor | aint
-1: hardly | barely
0: no | without | none
""",
    degrees={
        1.5: "very | really | extremely | absolutely | totally | completely | so | super | incredibly | too | utterly"
        " | highly | truly | most",
        0.5: "slightly | a bit | a little | somewhat | kinda | fairly | minor | quite | pretty | almost",
    },
    contrasts="but | however | although | though | yet | except | unfortunately though",
    common="the a an and of to in is it i was for that this with my we they he she you your on as at be have"
    " has had from are were will would me their them there here when what which who how after before"
    " then than its if or by about item product seller order package parcel shop store delivery"
    " shipping price again all just been can do did ordered bought buy day days week month im ive also"
    " more two one three",
)
