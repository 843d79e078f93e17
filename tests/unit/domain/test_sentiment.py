"""What a comment sounds like, in three languages, and why."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftersales.domain.lexicons import LEXICONS
from aftersales.domain.lexicons.lexicon import Lexicon, words
from aftersales.domain.sentiment import MODEL, UNKNOWN, Mood, sentiment_of

NEGATIVE = {
    "en": (
        "Never arrived. The seller does not answer.",
        "It's broken and they refuse to refund me",
        "Nice colour, but it stopped working after two days.",
        "Don't waste your money on this",
        "Still waiting, three weeks late!",
        "Not as described: I ordered blue and got red",
        "i have not received my parcel",
        "The jug came shattered and the box was empty :(",
        "I would not recommend this shop to anybody.",
    ),
    "zh": (
        "没收到货，客服也不理人",
        "东西不错，但是包装破损",
        "等了一个月还没到",
        "不推荐购买，质量差",
        "发错货了，联系卖家一直不回复",
        "不是很满意",
        "收到的时候杯子已经碎了",
        "骗子，假货！",
        "用了两天就坏了",
    ),
    "pt": (
        "Não recebi o produto",
        "nao recebi a mercadoria ate hoje e ninguem responde",
        "Ótimo preço, porém ainda não foi entregue.",
        "O vaso chegou quebrado e faltando uma peça",
        "Veio errado, comprei azul e mandaram outro",
        "Péssima qualidade, não recomendo!",
        "Muito atrasado e a loja não responde",
        "o aparelho não funciona",
        "Propaganda enganosa, quero meu dinheiro de volta",
    ),
}
POSITIVE = {
    "en": (
        "Great product, arrived early, love it",
        "no problems at all, works fine",
        "The box was damaged, but the lamp is perfect and the seller was wonderful",
        "Exactly as described. Thank you!",
        "It did not disappoint, very happy with it",
    ),
    "zh": (
        "质量很好，物流很快，非常满意",
        "没有问题，很喜欢",
        "包装有点简陋，但是东西非常漂亮，很满意",
        "性价比高，下次还来",
        "没有色差，做工精细，好评",
    ),
    "pt": (
        "Ótimo, recomendo",
        "chegou antes do prazo e sem defeito, amei",
        "Demorou um pouco, mas o produto é lindo, adorei!",
        "Tudo certo, muito bom",
        "excelente loja, entrega super rápida",
    ),
}


@pytest.mark.parametrize(
    ("language", "comment"), [(language, one) for language, all_ in NEGATIVE.items() for one in all_]
)
def test_a_complaint_is_heard_in_its_language(language: str, comment: str) -> None:
    said = sentiment_of(comment)
    assert (said.language, said.mood) == (language, Mood.NEGATIVE), said.terms


@pytest.mark.parametrize(
    ("language", "comment"), [(language, one) for language, all_ in POSITIVE.items() for one in all_]
)
def test_praise_is_heard_in_its_language(language: str, comment: str) -> None:
    said = sentiment_of(comment)
    assert (said.language, said.mood) == (language, Mood.POSITIVE), said.terms


@pytest.mark.parametrize(
    "comment",
    [
        "I opened it on Monday.",
        "收到了，还没用",
        "Ainda não testei o produto",
        "The parcel was delivered by my neighbour.",
    ],
)
def test_what_says_neither_is_neutral(comment: str) -> None:
    assert sentiment_of(comment).mood is Mood.NEUTRAL


@pytest.mark.parametrize(
    ("plain", "denied"),
    [
        ("I recommend it", "I do not recommend it"),
        ("gostei do vaso", "não gostei do vaso"),
        ("我很满意", "我不是很满意"),
        ("we received the lamp", "we never received the lamp"),
        ("recebi o vaso", "ainda nem recebi o vaso"),
        ("回复", "没有回复"),
    ],
)
def test_a_denial_turns_a_word_round(plain: str, denied: str) -> None:
    assert sentiment_of(plain).score >= 0 > sentiment_of(denied).score


@pytest.mark.parametrize("comment", ["No, it is good", "Não, o vaso é bom", "不，东西好"])
def test_a_denial_ends_with_its_clause(comment: str) -> None:
    assert sentiment_of(comment).score > 0


def test_a_denial_does_not_reach_over_many_words() -> None:
    assert sentiment_of("we did not expect when we opened the box that it was great").score > 0


def test_a_denied_fault_is_faint_praise() -> None:
    assert 0 < sentiment_of("veio sem defeito").score < sentiment_of("veio perfeito").score


def test_a_degree_makes_more_or_less_of_a_word() -> None:
    faint, plain, strong = (sentiment_of(f"{how} late").score for how in ("slightly", "", "very"))
    assert strong < plain < faint < 0


def test_a_degree_reaches_only_the_next_words() -> None:
    late = sentiment_of("it was late").score
    assert sentiment_of("very, late").score == late
    assert sentiment_of("very few of us said it was late").score == late


@pytest.mark.parametrize("contrast", ["but", "although"])
def test_what_comes_after_a_contrast_counts_more(contrast: str) -> None:
    assert sentiment_of(f"it is late {contrast} it is great").score > 0
    assert sentiment_of(f"it is great {contrast} it is late").score < 0


def test_a_contrast_stays_in_its_sentence() -> None:
    alone = sentiment_of("It is broken.").terms
    assert sentiment_of("It is broken. It came but late.").terms[0] == alone[0]


def test_a_misspelled_but_is_understood_where_buyers_write_it_so() -> None:
    """`mais` (more) for `mas` (but), after a comma."""
    assert sentiment_of("veio um arranhão, mais recomendo").score > 0


def test_the_terms_explain_the_score() -> None:
    said = sentiment_of("Não recebi, péssimo! Péssimo.")
    assert [(term.phrase, term.weight) for term in said.terms] == [
        ("não", -1),
        ("recebi", -3),
        ("pessim*", -4),
    ]
    assert said.model == MODEL


def test_saying_it_again_adds_nothing_but_saying_it_harder_does() -> None:
    once = sentiment_of("it is late")
    assert sentiment_of("it is late. it is late. it is late").score == once.score
    assert sentiment_of("it is late. it is very late").score < once.score


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("PÉSSIMO", "pessimo"),
        ("muuuuito booooom", "muito bom"),
        ("It didn’t work", "it didnt work"),
        ("很　好！！！", "很好!"),
        ("goood", "good"),
    ],
)
def test_case_accents_and_stretched_letters_do_not_matter(written: str, meant: str) -> None:
    assert sentiment_of(written).score == sentiment_of(meant).score != 0


@pytest.mark.parametrize(
    ("sign", "mood"), [("😡", Mood.NEGATIVE), ("👍", Mood.POSITIVE), ("❤️", Mood.POSITIVE)]
)
def test_a_smiley_alone_needs_no_language(sign: str, mood: Mood) -> None:
    said = sentiment_of(sign)
    assert (said.language, said.mood) == (UNKNOWN, mood)


@pytest.mark.parametrize(
    "comment", ["", "   ", "...", "123", "Das ist leider kaputt angekommen", "商品未着、配送が遅い"]
)
def test_what_cannot_be_read_says_nothing(comment: str) -> None:
    said = sentiment_of(comment)
    assert (said.language, said.score, said.terms) == (UNKNOWN, 0, ())


@pytest.mark.parametrize("lexicon", LEXICONS, ids=lambda lexicon: lexicon.language)
def test_no_phrase_weighs_twice(lexicon: Lexicon) -> None:
    """The later line would win without a word."""
    counts = Counter(" ".join(words(phrase)) for phrase, _ in lexicon.meanings())
    assert [phrase for phrase, count in counts.items() if count > 1] == []
    assert len(counts) > 500


def test_full_stops_and_numbers_do_not_hide_a_language() -> None:
    assert sentiment_of("2 mugs, wrong! 3 bowls... 17 23 42").language == "en"


def test_rare_characters_are_chinese_too() -> None:
    assert sentiment_of("瓷罐颠簸龟裂").language == "zh"


def test_a_sentence_of_each_language_is_known_as_its_own() -> None:
    said = [sentiment_of(one).language for one in ("I like this lamp", "Gostei da luminária", "我喜欢这个灯")]
    assert said == ["en", "pt", "zh"]


@given(st.text(st.characters(), max_size=200))
def test_no_text_is_too_strange(comment: str) -> None:
    """Surrogates, controls and right-to-left included."""
    said = sentiment_of(comment)
    assert -100 <= said.score <= 100
    assert said == sentiment_of(comment)
    assert all(words(comment))
