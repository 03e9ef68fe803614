"""Names that generated CUDA, and the host's Python, need for themselves."""

from __future__ import annotations

import keyword
import re

OWN = (
    *("row", "lane", "lanes", "element", "status", "shared", "grid", "block", "blocks", "run", "apply", "inf", "nan",),
    *("part", "left", "width", "chunk", "chunks", "each_chunk", "own", "upto", "all", "place", "column", "tile",),
    *("state", "begin", "end", "off", "rows", "first_row", "end_row",),
    *("threadIdx", "blockIdx", "blockDim", "gridDim", "warpSize", "G",),
)
CPP = (
    *("alignas", "alignof", "bool", "catch", "class", "concept", "constexpr", "decltype", "delete", "export", "false",),
    *("friend", "mutable", "namespace", "new", "noexcept", "nullptr", "operator", "private", "protected", "public",),
    *("requires", "template", "this", "throw", "true", "try", "typeid", "typename", "using", "virtual", "wchar_t",),
    *("and", "or", "not", "xor", "bitand", "bitor", "compl", "int2", "int4", "float2", "float4", "double2", "dim3",),
)
PYTHON = (*keyword.kwlist, "range", "max", "min", "abs", "int", "bool")
RESERVED = frozenset([*OWN, *CPP, *PYTHON])
PATTERN = re.compile(
    r"__\w+|atomic\w+|read_\d+|\w+_(dense|parts|packs?\d*|before|few|warp|block|room|last|steps?\d*|total\d+|part\d+|by|up)"
    r"|\w+_(tiles?\d*s?|more|upto|state|taken|piece|next|done|home|start|each|own)"
    r"|words\d+|check_\d+|flags_\d+|guard_\d+\w*|[i-n]\d*_in_tile|\w+_chunks\d+\w*"
)


def reserved_in_cuda(name: str) -> bool:
    """Whether `name` may mean something else in the texts for the GPU."""
    return name in RESERVED or PATTERN.fullmatch(name) is not None
