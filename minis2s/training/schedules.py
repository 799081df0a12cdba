"""Learning rates over the course of a run: functions of the share of the run that is done, in [0, 1)."""

from minis2s.errors import unknown_name


def constant(_):
    """The same rate throughout."""
    return 1.0


def linear(done):
    """Falls to zero in a straight line: late steps only settle what early ones have found."""
    return 1.0 - done


SCHEDULES = {"constant": constant, "linear": linear}


def schedule(name):
    if name not in SCHEDULES:
        raise unknown_name("schedule", name, SCHEDULES)
    return SCHEDULES[name]
