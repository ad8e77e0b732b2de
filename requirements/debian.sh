# Which packages of debian.txt are missing here; read by ../run, which sets `root`.

find_compiler() {
    local name
    for name in ${CC:+"$CC"} cc gcc clang; do
        if command -v -- "${name%% *}" >/dev/null; then
            printf '%s\n' "$name"
            return
        fi
    done
    return 1
}

compiles() {
    # Unquoted on purpose: CC may hold flags, as in CC="ccache gcc".
    # shellcheck disable=SC2086
    printf '%s\n' "$1" | $compiler "${@:2}" -x c -fsyntax-only - >/dev/null 2>&1
}

has_python_headers() {
    local include
    include=$("$1" -c 'import sysconfig; print(sysconfig.get_path("include"))') && [[ -f $include/Python.h ]] || return 1
    ! compiles '#include <stdio.h>' || compiles '#include <Python.h>' "-I$include"
}

# Is $1 of requirements/debian.txt here? $2: the Python to ask, empty where there is none.
is_here() {
    case $1 in
        cc) [[ -n $compiler ]] ;;
        stdio.h) [[ -n $compiler ]] && compiles '#include <stdio.h>' ;;
        dciodvfy | dsrdump | tidy | chromium | pdfinfo) command -v -- "$1" >/dev/null ;;
        *) [[ -n $2 ]] && python_finds "$@" ;;
    esac
}

python_finds() {
    case $1 in
        python3) ;;
        ensurepip) "$2" -c 'import ensurepip, venv' 2>/dev/null ;;
        Python.h) has_python_headers "$2" ;;
        *) [[ $(uname -s) != Linux ]] || "$2" -c 'import ctypes, sys; ctypes.CDLL(sys.argv[1])' "$1" 2>/dev/null ;;
    esac
}

# How a message calls $1 of requirements/debian.txt; $2: the Python that lacks it.
words_for() {
    case $1 in
        python3) printf '%s' "Python 3.10 to 3.13 (or name one in PYTHON=...)" ;;
        ensurepip) printf '%s' "virtual environments for ${2:-python3}" ;;
        Python.h) printf '%s' "the C headers of ${2:-python3}" ;;
        cc) printf '%s' "a C compiler (or name yours in CC=...)" ;;
        stdio.h) printf '%s' "the C library's headers${compiler:+ ($compiler cannot compile a first line)}" ;;
        *) printf '%s' "$1" ;;
    esac
}

# Prints a line "PACKAGE WORDS" for all that the Python $1 lacks for the purposes ${@:2}.
lacking() {
    local package thing purpose
    while read -r package thing purpose; do
        [[ " ${*:2} " == *" $purpose "* ]] || continue
        ! is_here "$thing" "$1" || continue
        # A Python beside the system's own has packages of its own.
        [[ ! ${1##*/} =~ ^python3\.[0-9]+$ || $package != python3-* ]] || package=${1##*/}${package#python3}
        printf '%s %s\n' "$package" "$(words_for "$thing" "$1")"
    done < <(grep '^[a-z]' -- "$root/requirements/debian.txt")
}

# Says in one line what the lines of `lacking` in $1 hold, and how to get it.
sentence() {
    local package words packages="" all=""
    while read -r package words; do
        packages+=" $package" all+=${all:+, }$words
    done <<<"$1"
    printf '%s' "missing here: $all. Debian, Ubuntu: apt-get install$packages"
}
