"""All rules, by phase. The order within a list is the order in which rules are tried on a node."""

from __future__ import annotations

from bitale_rewrite.fold import fold
from bitale_rewrite.rule import Rule
from bitale_rewrite.rules.algebra import ALGEBRA
from bitale_rewrite.rules.casts import CASTING
from bitale_rewrite.rules.contraction import CONTRACTION
from bitale_rewrite.rules.fft import FFT
from bitale_rewrite.rules.indexing import INDEXING
from bitale_rewrite.rules.inverses import INVERSES
from bitale_rewrite.rules.linalg import FACTORS, LINALG
from bitale_rewrite.rules.logic import LOGIC
from bitale_rewrite.rules.merging import MERGING
from bitale_rewrite.rules.movement import MOVEMENT
from bitale_rewrite.rules.reduction import REDUCTION
from bitale_rewrite.rules.shapes import SHAPES
from bitale_rewrite.rules.sigmoids import SIGMOIDS
from bitale_rewrite.rules.sinking import SINKING
from bitale_rewrite.rules.softmax import SOFTMAX
from bitale_rewrite.rules.special import SPECIAL_FUNCTIONS
from bitale_rewrite.rules.specialise import SPECIALISE
from bitale_rewrite.rules.stabilise import STABILISE

CANONICAL: tuple[Rule, ...] = (
    *SINKING,
    *ALGEBRA,
    *MERGING,
    *LOGIC,
    *CASTING,
    *INVERSES,
    *MOVEMENT,
    *SHAPES,
    *REDUCTION,
    *INDEXING,
    *LINALG,
    *CONTRACTION,
    *FFT,
)
STABLE: tuple[Rule, ...] = (*SOFTMAX, *SIGMOIDS, *STABILISE, *SPECIAL_FUNCTIONS)
SPECIAL: tuple[Rule, ...] = (*SPECIALISE, *FACTORS)
ALL: tuple[Rule, ...] = (fold, *CANONICAL, *STABLE, *SPECIAL)
