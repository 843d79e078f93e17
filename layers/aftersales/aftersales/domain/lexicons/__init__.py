"""The words by which a comment's mood is read: one table a language, in the order in which ties are decided."""

from aftersales.domain.lexicons.chinese import CHINESE
from aftersales.domain.lexicons.english import ENGLISH
from aftersales.domain.lexicons.lexicon import Lexicon
from aftersales.domain.lexicons.portuguese import PORTUGUESE

# Also part of what a stored result names as its model: raise it when a table or a rule changes.
VERSION = "1"

LEXICONS: tuple[Lexicon, ...] = (ENGLISH, PORTUGUESE, CHINESE)

# For what is written in no language of these.
SIGNS_ONLY = Lexicon(language="", weights="", denials="", degrees={}, contrasts="")
