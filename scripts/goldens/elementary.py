#!/usr/bin/env python3
"""What mpmath makes of exp, log, log1p, pow, cos and sin, rounded once to the nearest double, ties to even:
Tests/KernelsTests/Goldens/elementary.json. `--constants` writes Sources/Kernels/elementary_constants.inc.h instead.

Arguments are edges (zeros, infinities, NaN, powers of two and their neighbours, both sides of every branch, results that
overflow or are subnormal, powers that are ties), random ones, and hard ones: those of many thousand random arguments whose
value lies nearest to the middle between two doubles. All are the same in every run.

Setup:  pip install mpmath gmpy2
Use:    scripts/goldens/elementary.py [--constants]
"""
import json, math, os, random, struct, sys
from fractions import Fraction
import mpmath
from mpmath import mp, mpf

ROOT = os.path.join(os.path.dirname(__file__), "..", "..")
GOLDENS = os.path.join(ROOT, "Tests", "KernelsTests", "Goldens", "elementary.json")
CONSTANTS = os.path.join(ROOT, "Sources", "Kernels", "elementary_constants.inc.h")
FUNCTIONS = {"exp": mpmath.exp, "log": mpmath.log, "log1p": mpmath.log1p, "cos": mpmath.cos, "sin": mpmath.sin,
             "pow": mpmath.power}
HARD_OF, HARD = 30_000, 60
LARGEST = sys.float_info.max


def exact(value):
    sign, mantissa, exponent, _ = value._mpf_
    return (-1) ** sign * Fraction(int(mantissa)) * Fraction(2) ** exponent


def nearest(value):
    """The double nearest to an mpf, ties to even; division of integers rounds once, in the subnormal range, too."""
    fraction = exact(value)
    try:
        return fraction.numerator / fraction.denominator
    except OverflowError:
        return math.inf if fraction > 0 else -math.inf


def value(name, arguments, bits):
    # 1 + x of a tiny x needs all its bits, as do angles of many digits.
    with mp.workprec(bits + 2200 if name in ("cos", "sin", "log1p") else bits):
        return FUNCTIONS[name](*(mpf(a) for a in arguments))


def special(name, arguments):
    """What C99's Annex F says where no number is to be computed; None elsewhere."""
    x = arguments[0]
    if name == "pow":
        return special_power(*arguments)
    if math.isnan(x):
        return math.nan
    if name == "exp":
        return {math.inf: math.inf, -math.inf: 0.0}.get(x, 1.0 if x == 0 else None)
    if name == "log":
        return -math.inf if x == 0 else math.nan if x < 0 else x if x == math.inf else 0.0 if x == 1 else None
    if name == "log1p":
        return -math.inf if x == -1 else math.nan if x < -1 else x if x in (0, math.inf) else None
    if math.isinf(x):
        return math.nan
    return (x if name == "sin" else 1.0) if x == 0 else None


def special_power(x, y):
    if x == 1 or y == 0:
        return 1.0
    if math.isnan(x) or math.isnan(y):
        return math.nan
    if math.isinf(y):
        return 1.0 if abs(x) == 1 else math.inf if (abs(x) > 1) == (y > 0) else 0.0
    sign = math.copysign(1, x) if y % 2 == 1 else 1.0
    if x == 0 or math.isinf(x):
        return sign * (math.inf if (abs(x) > 1) == (y > 0) else 0.0)
    if x < 0 and y != math.floor(y):
        return math.nan
    # Far out mpmath's exponents would be large, and the answer is known.
    size = y * math.log(abs(x))
    return sign * math.inf if size > 720 else sign * 0.0 if size < -760 else None


def answer(name, arguments):
    known = special(name, arguments)
    if known is not None:
        return known
    if name == "exp" and abs(arguments[0]) > 800:
        return math.inf if arguments[0] > 0 else 0.0
    rounded = nearest(value(name, arguments, 300))
    # Once more with twice the digits: nothing of the goldens may hang on mpmath's own rounding.
    again = nearest(value(name, arguments, 900))
    assert rounded == again, (name, arguments)
    return again


def distance(name, arguments):
    """How far the value is from the middle between two doubles, in units in the last place; 1 where there is none."""
    if special(name, arguments) is not None:
        return 1
    v = value(name, arguments, 160)
    if v == 0 or not 1e-290 < abs(v) < 1e290:
        return 1
    _, mantissa, _, length = v._mpf_
    return abs(2 * ((int(mantissa) << 400) >> (length + 400 - 253)) % 2 ** 201 - 2 ** 200) / 2 ** 201


def neighbours(x):
    return [math.nextafter(x, -math.inf), x, math.nextafter(x, math.inf)]


def around(*values):
    return [n for v in values for n in neighbours(v)]


def both(values):
    return [s * v for v in values for s in (1, -1)]


def random_bits(rng):
    return struct.unpack("<d", rng.getrandbits(64).to_bytes(8, "little"))[0]


SPECIAL = both([0.0, math.inf, 5e-324, 2.2250738585072014e-308, 2.225073858507201e-308, LARGEST]) + [math.nan]
TINY = both(around(*(2.0 ** -k for k in (8, 16, 20, 24, 25, 26, 27, 28, 30, 40, 52, 53, 54, 55, 60, 300))))


def edges(name):
    if name == "exp":
        limits = [709.782712893384, -708.3964185322641, -745.1332191019411, -745.1332191019412, 710, -746]
        near = [math.log(2) * k / 64 for k in range(-40, 41)]
        return TINY + around(*limits) + near + [-708.5 - k * 0.61 for k in range(60)] + [float(k) for k in range(-20, 21)]
    if name == "log":
        near_one = [1 + s * 2.0 ** -k for k in range(1, 53) for s in (1, -1)] + [math.nextafter(1, 0)]
        powers = around(*(2.0 ** k for k in range(-1070, 1024, 61)))
        return near_one + powers + [k / 64 for k in range(47, 98)] + [float(k) for k in range(2, 20)]
    if name == "log1p":
        near = [s * 2.0 ** -k for k in range(1, 70) for s in (1, -1)]
        return TINY + near + around(-1.0, -0.5, 2.0 ** 52, 2.0 ** 53, 2.0 ** 54, 1e300) + [k / 64 for k in range(-63, 97)]
    if name == "pow":
        return list(power_edges())
    quarter = [k * math.pi / 4 for k in (1, 2, 3, 4, 5, 6, 7, 8, 9, 100, 355, 710, 10 ** 6, 10 ** 9, 10 ** 15)]
    # The double that is nearest to a multiple of pi/2 of all, and ties of x - x^3/6 and of 1 - x^2/2.
    nearest_of_all = 6381956970095103.0 * 2.0 ** 797
    ties = [21 * 2.0 ** -24, 15 * 2.0 ** -21, math.sqrt(3 * 2.0 ** -53), math.sqrt(5 * 2.0 ** -53), math.sqrt(7 * 2.0 ** -53)]
    large = [2.0 ** k for k in range(1, 1024, 37)] + [10.0 ** k for k in range(1, 309, 17)]
    return TINY + both(around(*quarter)) + [nearest_of_all] + ties + large + [float(k) for k in range(1, 60)]


def power_edges():
    values = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 2.0 ** 53, 1e300, math.inf, 5e-324, math.nextafter(1, 2)]
    for x in both(values) + [math.nan]:
        for y in both(values) + [math.nan]:
            yield x, y
    for x in (3.0, 5.0, 7.0, 9.0, 134217729.0, 94906267.0, 208065.0, 9742.5, 1.0000000074505806):
        for y in (2.0, 3.0, 4.0, 5.0, 33.0, 34.0, 35.0, 0.5, 1.5, -1.0, -2.0):
            yield x, y
    for k in range(1070, 1077):
        yield from ((2.0, -float(k)), (0.5, float(k)), (math.sqrt(0.5), 2.0 * k))
    for m in (3, 5, 9, 27):
        yield from ((m * 2.0 ** -k, float(n)) for k, n in ((538, 2), (537, 2), (269, 4), (359, 3), (360, 3)))
    # 10000 to a power of rotary embedding's, and other bases of models.
    for theta in (10000.0, 100000.0, 500000.0, 1000000.0):
        for size in (64, 128):
            yield from ((theta, struct.unpack("f", struct.pack("f", 2 * i / size))[0]) for i in range(0, size // 2, 5))


def draw(name, rng):
    if name == "pow":
        x = rng.choice((rng.uniform(0, 2), rng.uniform(0, 1e6), 2.0 ** rng.uniform(-1000, 1000), float(rng.randint(2, 10 ** 6))))
        y = rng.choice((rng.uniform(-1, 1), rng.uniform(-20, 20), rng.uniform(-900, 900) / (abs(math.log2(x)) + 0.01)))
        return x, y
    if name == "exp":
        return rng.choice((rng.uniform(-745, 709), rng.uniform(-2, 2), rng.choice((1, -1)) * 2.0 ** rng.uniform(-40, 0))),
    if name == "log":
        return rng.choice((abs(random_bits(rng)), rng.uniform(0.5, 2), 1 + rng.choice((1, -1)) * 2.0 ** rng.uniform(-45, -2))),
    if name == "log1p":
        return rng.choice((rng.uniform(-1, 4), rng.choice((1, -1)) * 2.0 ** rng.uniform(-60, -1), 2.0 ** rng.uniform(0, 1000))),
    # Angles of rotary embedding are float32; then angles of any size.
    angle = struct.unpack("f", struct.pack("f", rng.uniform(0, 1.1e6)))[0]
    return rng.choice((angle, rng.uniform(-8, 8), rng.choice((1, -1)) * 2.0 ** rng.uniform(-27, 3), random_bits(rng))),


def cases(name):
    rng = random.Random(name)
    drawn = [draw(name, rng) for _ in range(HARD_OF)]
    hard = sorted(drawn, key=lambda a: distance(name, a))[:HARD]
    print(f"{name}: hardest is {distance(name, hard[0]):.1e} units from a middle")
    chosen = [a if isinstance(a, tuple) else (a,) for a in edges(name)] + hard + drawn[:200]
    if name != "pow":
        chosen += [(x,) for x in SPECIAL]
    return {json.dumps([float(a).hex() for a in arguments]): arguments for arguments in chosen}.values()


def write_goldens():
    goldens = {name: [[float(a).hex() for a in (*arguments, answer(name, arguments))] for arguments in cases(name)]
               for name in FUNCTIONS}
    os.makedirs(os.path.dirname(GOLDENS), exist_ok=True)
    with open(GOLDENS, "w") as file:
        lines = [f"{json.dumps(name)}:[\n" + ",\n".join(json.dumps(row) for row in rows) + "]" for name, rows in goldens.items()]
        file.write("{" + ",\n".join(lines) + "}\n")
    print({name: len(rows) for name, rows in goldens.items()})


def write_constants():
    mp.prec = 1600

    def parts(v, count=2):
        found = []
        for _ in range(count):
            found.append(nearest(v))
            v = v - mpf(found[-1])
        return "{" + ", ".join(p.hex() for p in found) + "}"

    def table(kind, name, rows, comment):
        return [f"// {comment}", f"static const {kind} {name}[{len(rows)}] = {{", *(f"    {row}," for row in rows), "};", ""]

    step = mpmath.log(2) / 32
    head = mpf(math.floor(step * 2 ** 42)) / 2 ** 42
    inverses = [round(512 * 32 / i) / 512 for i in range(24, 49)]
    digits = int(mpmath.floor(2 / mpmath.pi * 2 ** 1280))
    words = [0] + [digits >> (1280 - 64 * (i + 1)) & (1 << 64) - 1 for i in range(20)]
    lines = [
        "// Written by scripts/goldens/elementary.py --constants. Pairs are a number's nearest double and the nearest to what",
        "// that leaves out.", "",
        f"static const struct pair log_2 = {parts(mpmath.log(2))};",
        f"static const struct pair half_pi = {parts(mpmath.pi / 2)};",
        "// A 32nd of ln 2; the first part has 37 bits, so that its product with a number of 16 bits is exact.",
        f"static const double log_2_step[3] = {{{float(head).hex()}, {parts(step - head)[1:]};",
        f"static const double steps_by_log_2 = {nearest(1 / step).hex()};", "",
        *table("struct pair", "inverse_factorials", [parts(1 / mpmath.factorial(n)) for n in range(30)], "1 / n!"),
        *table("struct pair", "inverse_odds", [parts(mpf(1) / (2 * n + 1)) for n in range(4)], "1 / (2n + 1)"),
        *table("struct pair", "powers_of_2", [parts(mpf(2) ** (mpf(n) / 32)) for n in range(32)], "2^(n / 32)"),
        *table("struct inverse", "inverses",
               [f"{{{c.hex()}, {parts(-mpmath.log(c)) if c != 1 else '{0, 0}'}}}" for c in inverses],
               "For m near n / 32, n = 24 ... 48: 1 / m in few bits, and minus its logarithm."),
        *table("uint64_t", "two_by_pi", [f"0x{w:016x}" for w in words], "2 / pi in binary, after 64 zeros."),
    ]
    with open(CONSTANTS, "w") as file:
        file.write("\n".join(lines).rstrip("\n") + "\n")


write_constants() if "--constants" in sys.argv[1:] else write_goldens()
