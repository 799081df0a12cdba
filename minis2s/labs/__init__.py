"""Labs: a student writes the equations, the grader says what is right, what is wrong, and where.

A lab is two files with the same name, `NN_name.py`:

`masters/NN_name.py`    the solution, a readable Python file that imports NumPy and nothing else. Its docstring gives the title
                        (first line) and says what is learned. Each task is a top-level function; its docstring has the
                        formula, the equation's id, the shapes and a tiny numeric example; its body lies between the lines

                            # BEGIN SOLUTION
                            # END SOLUTION

                        The release replaces what lies between them by `raise NotImplementedError("write me")`. All else is
                        given to the student: helper functions, constants. A task stands alone: it gets all it needs as
                        arguments (a backward function gets the forward's inputs or results, never a cache of the student's
                        making), and does not change them. It may call other tasks' functions only if that is the point.

`faults/NN_name.py`     the lab's specification, as data: `LAB = Lab(title, tasks, variants)`; the classes are in
                        `labs/spec.py`. Expected values come from `minis2s.equations`, in the grader's process only.

How a task is put to a function:

    inputs(rng, rung, variant) -> dict of the function's arguments by name, or None if the rung makes no sense here. Values:
        arrays of floats (float64), integers or booleans; int, float, bool, str; None (an absent upstream gradient);
        `Given("name")`, a function of the master outside the markers (for tasks that are given a function). Draw sizes that
        differ from each other (E ≠ H, H ≥ 2, …), never zeros or ones where a wrong factor could hide.
    expected(arguments, variant) -> dict of the outputs by name. An output that is left out is not compared.
    outputs: `Output(name, axes, label)` in the order in which the function returns them (a tuple; a dict with these names
        passes too; a single output is returned bare). `axes` names each axis: "time batch gates", "hidden gates", "" for a
        number. "time" and "batch" are told by their index; an axis named in `blocks` is cut in equal parts with these names;
        others are not told.
    blocks: {"gates": ("i", "f", "o", "g")}, or a function of the variant that returns it.
    rungs: those that make sense, of `spec.RUNGS`, easiest first; each is drawn twice or more. The first that fails is told.

    Fault(name, old, new, says, term, function): the text `old` (lines of the master's solution, without the common
        indentation) becomes `new`, and gives a wrong function. The student's *numbers* are compared with the wrong
        function's, on all draws of all rungs; text is never compared. `old` must occur exactly once in the function's
        solution (`function`: another task's function, by default the task's own). A wrong function must return numbers, not
        raise. Pairs are made where two patches do not overlap. `says` completes "Likely mistake: …" and holds no code;
        `term` says which term of the formula to look at.
    hints: three general sentences: where to look; what behaviour is expected there; which term of the formula. Never code.

    Variant(name, choices): choices is {value: ((old, new), …)}, patches of the master's whole text, docstrings included; the
        first choice is the default and has none. The specification's functions get {name: value}. A fault whose `old` is
        not in a variant's text is left out there.

`minis2s.labs.catalogue.problems(name)` lists what is wrong with a lab: run it while you write one.

From a file to marks:

    catalogue   which labs there are, in which variant         child       the submission's process, asked call by call
    source      masters' texts: released, patched              runner, confine   what runs there; copied, knows nothing of us
    cases       what is asked, and what is right               arrays      reading what it sends
    compare     right or wrong, and in which part              grading     all of it, for one submission
    faulty, diagnosis    which mistake gives these numbers     batch       for many
    explain     the findings as sentences, and hints           records, gradescope   the findings for programs
    files       students' files                                rubric      what the instructor wants
"""
