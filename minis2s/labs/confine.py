"""What a process gives up before it runs a stranger's code. Self-contained: it is copied beside the runner, without the package.

Three fences, each as far as the system has it, and a report of those that stand:

    limits      memory, processor time, number of processes, no byte into a file (POSIX)
    files       only the standard library, NumPy and the own folder can be read, nothing written (Linux 5.13, Landlock)
    calls       no sockets, no new processes, no signals to others, no look into others' memory (Linux, seccomp)

and where Linux's fences are missing, an audit hook refuses what Python itself would do. That stops accidents and the curious,
not an attack: a module in C does not ask.
"""

import ctypes
import os
import platform
import sys

NOBODY = 65534


def confine(folder, readable, memory, seconds):
    """Give up all that a solution does not need, for good. Returns {fence: True, or the reason why it does not stand}.

    folder, readable: paths that may be read, the process's own and others; memory in bytes; seconds of processor time.
    """
    sys.addaudithook(_refuse)
    standing = {"limits": _limits(memory, seconds)}
    if not sys.platform.startswith("linux"):
        return standing | dict.fromkeys(("files", "calls"), f"not on {platform.system()}; Python's own calls are refused")
    libc = ctypes.CDLL(None, use_errno=True)
    _step_down(libc, folder, readable)
    libc.prctl(PR_SET_PDEATHSIG, 9, 0, 0, 0)  # a grader that is killed leaves nothing behind
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        return standing | dict.fromkeys(("files", "calls"), "the system refuses no_new_privs")
    return standing | {"files": _landlock(libc, [folder, *readable]), "calls": _seccomp(libc)}


REFUSED = ("socket.", "subprocess.", "os.fork", "os.system", "os.exec", "os.posix_spawn", "os.kill", "os.startfile", "pty.spawn")


def _refuse(event, arguments):
    if event == "os.kill" and arguments[0] == os.getpid():
        return
    if event.startswith(REFUSED):
        raise PermissionError(f"{event}: a submission may not use the network, start processes or signal others")


def _limits(memory, seconds):
    try:
        import resource
    except ImportError:
        return "not on this system; only the time is limited"
    wanted = {"AS": memory, "CPU": seconds, "FSIZE": 0, "CORE": 0, "NPROC": 0, "NOFILE": 64}
    refused = []
    for name, value in wanted.items():
        try:
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))
        except (AttributeError, ValueError, OSError):  # macOS takes no limit on memory
            refused.append(f"RLIMIT_{name}")
    return f"the system takes no {', '.join(refused)}" if refused else True


def _step_down(libc, folder, readable):
    """From root to nobody, if nobody can read what is needed: then the grader's files and processes are someone else's.

    If not, it stays root in name, without root's powers.
    """
    if os.geteuid() != 0:
        return
    os.seteuid(NOBODY)
    allowed = all(os.access(path, os.R_OK, effective_ids=True) for path in readable)
    os.seteuid(0)
    if allowed:
        for path in (folder, *(os.path.join(folder, name) for name in os.listdir(folder))):
            os.chown(path, NOBODY, NOBODY)
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    version_and_process, none = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    libc.capset(version_and_process, none)


# Landlock: linux/landlock.h. The calls have the same numbers on every processor.

PR_SET_PDEATHSIG, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 22, 38
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
READ_FILE, READ_DIR = 1 << 2, 1 << 3
RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # version: how many kinds of access to files it knows


class _Ruleset(ctypes.Structure):
    _fields_ = [("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64)]


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32)]


def _landlock(libc, readable):
    version = libc.syscall(CREATE_RULESET, None, 0, 1)
    if version < 1:
        return "this Linux has no Landlock"
    everything = (1 << RIGHTS.get(version, 16)) - 1
    rules = _Ruleset(everything, 0b11 if version >= 4 else 0, 0b11 if version >= 6 else 0)
    ruleset = libc.syscall(CREATE_RULESET, ctypes.byref(rules), 8 if version < 4 else 16 if version < 6 else 24, 0)
    if ruleset < 0:
        return "Landlock makes no rules"
    for path, allowed in _rights(readable):
        try:
            parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:  # a path that is not there needs no right
            continue
        if not os.path.isdir(path):
            allowed &= READ_FILE
        rule = _Beneath(allowed, parent)
        libc.syscall(ADD_RULE, ruleset, 1, ctypes.byref(rule), 0)
        os.close(parent)
    failed = libc.syscall(RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)
    return "Landlock does not start" if failed else True


def _rights(paths):
    """(path, rights). Of a folder that holds installed packages all else may be read: one of them may be the reference."""
    for path in paths:
        inside = os.listdir(path) if os.path.isdir(path) else []
        if any(name.endswith("-packages") for name in inside):
            yield path, READ_DIR
            yield from ((os.path.join(path, name), READ_FILE | READ_DIR) for name in inside if not name.endswith("-packages"))
        else:
            yield path, READ_FILE | READ_DIR


# seccomp: each forbidden call ends with EPERM. Numbers from the kernel's tables; kill and tgkill may reach the process itself.

FORBIDDEN = {
    "x86_64": (0xC000003E, dict(kill=62, tgkill=234, clone=56, clone3=435, prlimit=302), (
        41, 42, 49, 50, 53, 57, 58, 59, 322,  # socket, connect, bind, listen, socketpair, fork, vfork, execve, execveat
        200, 129, 297, 101, 310, 311,  # tkill, rt_sigqueueinfo, rt_tgsigqueueinfo, ptrace, process_vm_readv, _writev
        424, 434, 438, 141, 203, 109, 112, 272, 308,  # pidfd ×3, setpriority, sched_setaffinity, setpgid, setsid, unshare, setns
        425, 321, 298, 323, 248, 249, 250,  # io_uring_setup, bpf, perf_event_open, userfaultfd, add_key, request_key, keyctl
    )),
    "aarch64": (0xC00000B7, dict(kill=129, tgkill=131, clone=220, clone3=435, prlimit=261), (
        198, 203, 200, 201, 199, 221, 281,
        130, 138, 240, 117, 270, 271,
        424, 434, 438, 140, 122, 154, 157, 97, 268,
        425, 280, 241, 282, 217, 218, 219,
    )),
}  # fmt: skip
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, EPERM, ENOSYS = 0x7FFF0000, 0x00050001, 0x00050026
NUMBER, PROCESSOR, ARGUMENT = 0, 4, 16  # places in struct seccomp_data
CLONE_THREAD = 0x10000


class _Instruction(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint16), ("yes", ctypes.c_uint8), ("no", ctypes.c_uint8), ("k", ctypes.c_uint32)]


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(_Instruction))]


def _seccomp(libc):
    if platform.machine() not in FORBIDDEN or sys.maxsize < 2**32:
        return f"no list of system calls for {platform.machine()}"
    processor, special, forbidden = FORBIDDEN[platform.machine()]
    lines = [(LOAD, 0, 0, PROCESSOR), (EQUAL, 1, 0, processor), (RETURN, 0, 0, EPERM), (LOAD, 0, 0, NUMBER)]
    lines += [(AT_LEAST, 0, 1, 0x40000000), (RETURN, 0, 0, EPERM)]  # the x32 names of the same calls
    for number in forbidden:
        lines += [(EQUAL, 0, 1, number), (RETURN, 0, 0, EPERM)]
    lines += [(EQUAL, 0, 1, special["clone3"]), (RETURN, 0, 0, ENOSYS)]  # its flags lie in memory; libc falls back to clone
    itself = (EQUAL, os.getpid())
    conditions = {"kill": itself, "tgkill": itself, "prlimit": (EQUAL, 0), "clone": (ANY_BIT, CLONE_THREAD)}
    for name, (test, value) in conditions.items():
        lines += [(EQUAL, 0, 4, special[name]), (LOAD, 0, 0, ARGUMENT), (test, 1, 0, value), (RETURN, 0, 0, EPERM)]
        lines += [(RETURN, 0, 0, ALLOW)]
    lines += [(RETURN, 0, 0, ALLOW)]
    instructions = (_Instruction * len(lines))(*(_Instruction(*line) for line in lines))
    program = _Program(len(lines), instructions)
    failed = libc.prctl(PR_SET_SECCOMP, 2, ctypes.byref(program), 0, 0)
    return "the system takes no filter of system calls" if failed else True
