"""Settings from files (JSON, TOML): each key the name of a dataclass's field, each value of the field's type."""

import types
from dataclasses import fields
from typing import Union, get_args, get_origin, get_type_hints

from minis2s.errors import UsageError, unknown_name

LARGEST = 2**31 - 1  # of whole numbers: beyond it array sizes and times are nonsense
NAMES = {int: "a whole number", float: "a number", bool: "true or false", str: "a text", tuple: "a list of texts"}


def checked(kind, values, table):
    """The fields of the dataclass `kind` that the mapping `values` sets, converted; `table` names them in messages.

    Raises UsageError for a key that is no field (with the nearest one) and for a value of another type.
    """
    if not isinstance(values, dict):
        raise UsageError(f"[{table}] must be a table of settings, not {_shown(values)}")
    hints = get_type_hints(kind)
    known = [field.name for field in fields(kind)]
    for key in values:
        if key not in known:
            raise unknown_name(f"key in [{table}]:", key, known)
    return {key: _converted(value, hints[key], f"[{table}] {key}") for key, value in values.items()}


def _converted(value, hint, name):
    """`value` as the type that `hint` allows: one type, or one of several."""
    allowed = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    kinds = [get_origin(each) or each for each in allowed]
    if value is None and type(None) in kinds:
        return None
    if isinstance(value, bool):  # which Python counts as a number
        if bool in kinds:
            return value
    elif isinstance(value, int) and (int in kinds or float in kinds):
        if abs(value) > LARGEST:
            raise UsageError(f"{name} must be between {-LARGEST:,} and {LARGEST:,}, not {_shown(value)}")
        return value if int in kinds else float(value)
    elif isinstance(value, float) and float in kinds:
        return value
    elif isinstance(value, str) and (str in kinds or tuple in kinds):
        value = _text(value, name)
        return value if str in kinds else (value,)
    elif isinstance(value, list | tuple) and tuple in kinds and all(isinstance(each, str) for each in value):
        return tuple(_text(each, name) for each in value)
    wanted = " or ".join(NAMES[each] for each in kinds if each is not type(None))
    raise UsageError(f"{name} must be {wanted}, not {_shown(value)}")


def _text(value, name):
    """Names of files and other things end up in files and system calls, which take neither NUL nor half a character."""
    if "\0" in value or any("\ud800" <= ch <= "\udfff" for ch in value):
        raise UsageError(f"{name} holds a character that is no text: {_shown(value)}")
    return value


def _shown(value):
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # a number of thousands of digits, lists in lists in lists
        return f"a {type(value).__name__} too large to show"
    return text if len(text) <= 60 else text[:60] + "…"
