"""Answers to the exercises of notebook 08."""

L2 = """
penalty = decay / 2 * (weight**2).sum()
return loss + penalty, gradient + decay * weight
"""
DROPOUT = """
kept = rng.random(x.shape) >= rate
mask = kept / (1 - rate)
return x * mask, mask
"""
FORWARD = """
centred = x - x.mean(axis=0)
std = np.sqrt((centred**2).mean(axis=0) + epsilon)
normal = centred / std
return gamma * normal + beta, (centred, std, normal)
"""
DVAR = """
along = (dnormal * centred).sum(axis=0)
return -0.5 * along / std**3
"""
DMEAN = """
dcentred = dnormal / std + 2 / len(centred) * centred * dvar
return -dcentred.sum(axis=0)
"""
DX = """
dcentred = dnormal / std + 2 / len(centred) * centred * dvar
return dcentred + dmean / len(centred)
"""
BACKWARD = """
dbeta = norm_dbeta(dy)
dgamma = norm_dgamma(dy, normal)
dnormal = norm_dnormal(dy, gamma)
dvar = norm_dvar(dnormal, centred, std)
dmean = norm_dmean(dnormal, centred, std, dvar)
dx = norm_dx(dnormal, centred, std, dvar, dmean)
return dx, dgamma, dbeta
"""
SHORT = """
along = dy.mean(axis=0) + normal * (dy * normal).mean(axis=0)
return gamma / std * (dy - along)
"""
RUNNING = """
mean = momentum * running_mean + (1 - momentum) * x.mean(axis=0)
var = momentum * running_var + (1 - momentum) * x.var(axis=0)
return mean, var
"""
PREDICT = """
centred, std = x - running_mean, np.sqrt(running_var + epsilon)
return gamma * centred / std + beta, (centred, std, centred / std)
"""
TO_ROWS = """
if x.ndim == 2:
    return x
return x.transpose(0, 2, 3, 1).reshape(-1, x.shape[1])
"""
BATCH_NORM = """
if training:
    y, self.cache = norm_forward(rows, gamma, beta, self.epsilon)
    running = running_statistics(rows, *running, self.momentum)
    self.running_mean, self.running_var = running
else:
    y, self.cache = norm_predict(rows, gamma, beta, *running, self.epsilon)
return from_rows(y, x.shape)
"""
BILINEAR = """
upper = (1 - right) * framed[r, c] + right * framed[r, c + 1]
lower = (1 - right) * framed[r + 1, c] + right * framed[r + 1, c + 1]
return (1 - down) * upper + down * lower
"""
WARP = """
moved_back = new - np.reshape([right, down], (2, 1, 1))
back = np.linalg.inv(matrix(rotation, scale, slant))
x, y = np.tensordot(back, moved_back, axes=1)
return bilinear(image, y + centre[0], x + centre[1])
"""
LAYER_NORM = """
centred = x - x.mean(axis=1, keepdims=True)
var = (centred**2).mean(axis=1, keepdims=True)
return gamma * centred / np.sqrt(var + epsilon) + beta
"""
DROP_CHANNELS = """
kept = rng.random((*x.shape[:2], 1, 1)) >= rate
return x * kept / (1 - rate)
"""
FOLD = """
gain = norm.params["gamma"] / np.sqrt(norm.running_var + norm.epsilon)
return weight * gain, (bias - norm.running_mean) * gain + norm.params["beta"]
"""


def spoilt(text, *changes):
    """Return wrong answers: the right one with a part replaced, and words of the message."""
    for right, _, _ in changes:
        assert right in text, right
    return [(text.replace(right, wrong), words) for right, wrong, words in changes]


WRONG = {
    "l2": spoilt(
        L2,
        ("decay / 2 *", "decay *", "half is missing"),
        ("decay / 2 *", "", ""),
        (".sum()", ".mean()", "mean; the penalty is a sum"),
        ("weight**2", "abs(weight)", "L1"),
        ("loss + penalty", "penalty", "penalty alone"),
        ("gradient + decay * weight", "gradient", "data's gradient alone"),
        ("gradient + decay * weight", "gradient - decay * weight", "uphill"),
        ("gradient + decay * weight", "gradient + decay / 2 * weight", "half belongs to the loss"),
        ("gradient + decay * weight", "gradient + 2 * decay * weight", "the 2 goes"),
        ("gradient + decay * weight", "gradient + weight", "lambda is missing"),
        (
            "return",
            "gradient += decay * weight\nreturn loss + penalty, gradient\nreturn",
            "writes to its argument gradient",
        ),
        ("return ", "answer = ", "two things"),
        (", gradient + decay * weight", "", "two things"),
    ),
    "dropout-forward": spoilt(
        DROPOUT,
        (">=", "<", "share that falls"),
        (" / (1 - rate)", " * 1.0", "not scaled"),
        (" / (1 - rate)", " * (1 - rate)", "do not multiply"),
        (" / (1 - rate)", " / max(rate, 0.1)", ""),
        ("rng.random(x.shape)", "np.random.random(x.shape)", "rng that is given"),
        ("rng.random(x.shape)", "np.random.default_rng(0).random(x.shape)", "new draw"),
        ("rng.random(x.shape)", "rng.random(x.shape[1:]) + 0 * x", "one draw for each number"),
        ("rng.random(x.shape)", "rng.random((len(x),) + (1,) * (x.ndim - 1)) + 0 * x", ""),
        ("return x * mask, mask", "return x * mask", "two arrays"),
        ("return x * mask, mask", "return mask, mask", "mask; y is x times it"),
        ("return x * mask, mask", "x *= mask\nreturn x, mask", "writes to its argument x"),
        ("return x * mask", "return x / (1 - rate)", "nothing falls"),
        ("return", "answer =", "two arrays"),
    ),
    "dropout-backward": [
        ("return dy", "lets everything through"),
        ("return dy * (mask > 0)", "factor of the mask is lost"),
        ("return dy * mask * mask", "counts twice"),
        ("return dy / np.where(mask, mask, np.inf)", "divides by the factor"),
        ("return mask", "mask alone"),
        ("dy *= mask\nreturn dy", "writes to its argument dy"),
        ("answer = dy * mask", "returns nothing"),
    ],
    "norm-forward": spoilt(
        FORWARD,
        ("x.mean(axis=0)", "x.mean()", "one mean for all"),
        ("x.mean(axis=0)", "x.mean(axis=1, keepdims=True)", "centres each image"),
        (
            "centred = x - x.mean(axis=0)",
            "x -= x.mean(axis=0)\ncentred = x",
            "writes to its argument x",
        ),
        (
            "np.sqrt((centred**2).mean(axis=0) + epsilon)",
            "(centred**2).mean(axis=0) + epsilon",
            "where is the root",
        ),
        (" + epsilon", "", "epsilon is missing"),
        ("mean(axis=0) + epsilon)", "mean(axis=0)) + epsilon", "outside the root"),
        ("epsilon)", "1e-5)", "whatever epsilon"),
        ("(centred**2).mean(axis=0)", "x.var(axis=0, ddof=1)", "N - 1"),
        ("centred / std\n", "centred * std\n", "divide by std"),
        ("gamma * normal + beta", "normal", "gamma and beta are missing"),
        ("gamma * normal + beta", "gamma * normal", "beta is missing"),
        ("gamma * normal + beta", "beta * normal + gamma", "swapped"),
        (", (centred, std, normal)", "", "cache"),
        ("return", "answer =", "cache"),
    ),
    "norm-dbeta": [
        ("return dy.mean(axis=0)", "add up"),
        ("return dy.sum(axis=1)", "sum over the images"),
        ("return dy.sum()", "one number for all"),
        ("return dy", "nothing is summed"),
        ("return np.ones(dy.shape[1])", "should be"),
        ("dbeta = dy.sum(axis=0)", "returns nothing"),
    ],
    "norm-dgamma": [
        ("return dy.sum(axis=0)", "this is dbeta"),
        ("return dy.sum(axis=0) * normal.sum(axis=0)", "product of sums"),
        ("return (dy * normal).mean(axis=0)", "a mean"),
        ("return dy * normal", "not summed"),
        ("return (dy * normal).sum(axis=1)", "over the images"),
        ("dy *= normal\nreturn dy.sum(axis=0)", "writes to its argument dy"),
        ("dgamma = (dy * normal).sum(axis=0)", "returns nothing"),
    ],
    "norm-dnormal": [
        ("return dy", "gamma is missing"),
        ("return (gamma * dy).sum(axis=0)", "one y only"),
        ("return dy / gamma", "multiplied going forward"),
        ("return gamma", "shape"),
        ("dy *= gamma\nreturn dy", "writes to its argument dy"),
        ("dnormal = gamma * dy", "returns nothing"),
    ],
    "norm-dvar": spoilt(
        DVAR,
        ("-0.5", "0.5", "the sign"),
        ("-0.5 *", "-", "half of the power rule"),
        ("-0.5 * along / std**3", "-along / std**2", "gradient of std"),
        ("std**3", "std**2", "one std too few"),
        ("std**3", "std", "far too few"),
        (".sum(axis=0)", ".mean(axis=0)", "add up"),
        (".sum(axis=0)", "", "not summed"),
        ("return", "dvar =", "returns nothing"),
        ("dnormal * centred", "centred", "should be"),
        (".sum(axis=0)", ".sum()", ""),
    ),
    "norm-dmean": spoilt(
        DMEAN,
        ("-dcentred", "dcentred", "mean is subtracted"),
        ("dnormal / std", "dnormal * std", "multiplied by std"),
        ("dnormal / std", "dnormal", "std is missing"),
        (".sum(axis=0)", ".mean(axis=0)", "add up"),
        (".sum(axis=0)", "", "not summed"),
        ("dnormal / std + ", "", ""),
        ("return", "dmean =", "returns nothing"),
    ),
    "norm-dx": spoilt(
        DX,
        (
            " + 2 / len(centred) * centred * dvar\nreturn dcentred + dmean / len(centred)",
            "\nreturn dcentred",
            "only the direct way",
        ),
        (" + dmean / len(centred)", "", "through the mean is missing"),
        (" + 2 / len(centred) * centred * dvar", "", "through the variance is missing"),
        ("dmean / len(centred)", "dmean", "counts whole"),
        ("2 / len(centred) *", "2 *", "has no N"),
        ("2 / len(centred) *", "1 / len(centred) *", "2 of the square"),
        ("dnormal / std", "dnormal", "not divided by std"),
        ("+ dmean", "- dmean", "gradient check"),
        ("return", "dx =", "returns nothing"),
        ("return", "dnormal /= std\nreturn", "writes to its argument dnormal"),
    ),
    "norm-backward": [
        *spoilt(
            BACKWARD,
            ("return dx, dgamma, dbeta", "return dx, dbeta, dgamma", "swapped"),
            ("return dx, dgamma, dbeta", "return dnormal, dgamma, dbeta", "half of the way"),
            ("return dx, dgamma, dbeta", "return dx", "three arrays"),
            ("return dx, dgamma, dbeta", "answer = dx, dgamma, dbeta", "three arrays"),
        ),
        ("\n".join(reversed(BACKWARD.strip().splitlines())), "dx"),
        (
            "\n".join(BACKWARD.strip().splitlines()[i] for i in (0, 1, 3, 2, 4, 5, 6)),
            "dnormal",
        ),
        (
            "\n".join(BACKWARD.strip().splitlines()[i] for i in (0, 1, 2, 4, 3, 5, 6)),
            "dvar",
        ),
    ],
    "norm-short": spoilt(
        SHORT,
        ("dy.mean(axis=0) + ", "", "mean of dy is missing"),
        (" + normal * (dy * normal).mean(axis=0)", "", "along x hat is missing"),
        (".mean(axis=0)", ".sum(axis=0)", "sums where means"),
        ("gamma / std", "1 / std", "gamma is missing"),
        ("gamma / std", "gamma", "std is missing"),
        ("normal * (dy * normal)", "(dy * normal)", "its own x hat"),
        ("return", "dx =", "returns nothing"),
    ),
    "norm-running": spoilt(
        RUNNING,
        (
            "momentum * running_mean + (1 - momentum)",
            "(1 - momentum) * running_mean + momentum",
            "swapped",
        ),
        ("momentum * running_mean + (1 - momentum) * ", "", "batch alone"),
        ("momentum", "0.9", "whatever momentum"),
        ("return mean, var", "return var, mean", "other statistic"),
        ("x.var(axis=0)", "x.std(axis=0)", "standard deviation"),
        ("x.mean(axis=0)", "x.mean()", ""),
        ("x.var(axis=0)", "x.var(axis=0, ddof=1)", ""),
        ("return mean, var", "return mean", "two arrays"),
        ("return", "answer =", "two arrays"),
        (
            "mean = momentum * running_mean + (1 - momentum) * x.mean(axis=0)",
            "running_mean *= momentum\nmean = running_mean + (1 - momentum) * x.mean(axis=0)",
            "writes to its argument running_mean",
        ),
    )
    + [("return running_mean, running_var", "nothing of the batch")],
    "norm-predict": [
        *spoilt(
            PREDICT,
            ("x - running_mean", "x", "not taken off"),
            ("np.sqrt(running_var + epsilon)", "running_var + epsilon", "where is the root"),
            (" + epsilon", "", "epsilon is missing"),
            ("+ epsilon", "+ 1e-5", "whatever epsilon"),
            ("gamma * centred / std + beta", "centred / std", "gamma and beta are missing"),
            ("(centred, std, centred / std)", "(centred, std, centred)", "cache"),
            (", (centred, std, centred / std)", "", "the cache"),
            ("return", "answer =", "the cache"),
            (
                "centred, std = x - running_mean",
                "x -= running_mean\ncentred, std = x",
                "writes to its argument x",
            ),
        ),
        ("return norm_forward(x, gamma, beta, epsilon)", "statistics of the batch"),
    ],
    "to-rows": spoilt(
        TO_ROWS,
        ("x.transpose(0, 2, 3, 1).", "x.", "without moving axes"),
        (
            "x.transpose(0, 2, 3, 1).reshape(-1, x.shape[1])",
            "x.transpose(1, 0, 2, 3).reshape(x.shape[1], -1)",
            "each row is a channel",
        ),
        ("(0, 2, 3, 1)", "(0, 3, 2, 1)", "pixels are swapped"),
        ("(0, 2, 3, 1)", "(2, 3, 0, 1)", ""),
        ("if x.ndim == 2:\n    return x\n", "", ""),
        ("return x.transpose", "rows = x.transpose", "returns nothing"),
        (".reshape(-1, x.shape[1])", "", "shape"),
    ),
    "batch-norm": spoilt(
        BATCH_NORM,
        ("if training:", "if not training:", ""),
        ("if training:", "if True:", ""),
        ("if training:", "if False:", "running statistics; training"),
        ("    self.running_mean, self.running_var = running\n", "", "has not changed"),
        (
            "self.running_mean, self.running_var = running",
            "BatchNorm.running_mean, BatchNorm.running_var = running",
            "has not changed",
        ),
        ("rows, gamma, beta, self.epsilon)", "rows, gamma, beta)", ""),
        ("*running, self.momentum", "*running", ""),
        ("return from_rows(y, x.shape)", "return y", ""),
        ("return from_rows", "y = from_rows", "None"),
        ("beta, *running, self.epsilon", "beta, *running", ""),
        (
            "y, self.cache = norm_forward(rows, gamma, beta, self.epsilon)",
            "y, self.cache = norm_forward(rows, 1, 0, self.epsilon)",
            "",
        ),
    ),
    "bilinear": [
        *spoilt(
            BILINEAR,
            ("(1 - down) * upper + down * lower", "down * upper + (1 - down) * lower", ""),
            ("(1 - down) * upper + down * lower", "upper", ""),
            ("(1 - down) * upper + down * lower", "lower", ""),
            ("(1 - down) * upper + down * lower", "(upper + lower) / 2", ""),
            ("return", "answer =", "returns nothing"),
            ("[r + 1, c]", "[r, c]", ""),
            ("[r, c + 1]", "[r, c]", ""),
        ),
        (
            BILINEAR.replace("(1 - right) * framed", "right * framed").replace(
                "+ right * framed", "+ (1 - right) * framed"
            ),
            "left and right are swapped",
        ),
        ("return framed[r, c]", "nearest pixel alone"),
        (
            "upper = framed[r, c] + framed[r, c + 1]\n"
            "return (upper + framed[r + 1, c] + framed[r + 1, c + 1]) / 4",
            "all four pixels count alike",
        ),
        ("right, down = down, right\n" + BILINEAR.strip(), "down and right are swapped"),
    ],
    "warp": spoilt(
        WARP,
        ("new - np.reshape", "new + np.reshape", "to the left"),
        ("[right, down]", "[down, right]", "moves down"),
        (" - np.reshape([right, down], (2, 1, 1))", "", "nothing moves"),
        (
            "np.linalg.inv(matrix(rotation, scale, slant))",
            "matrix(rotation, scale, slant)",
            "clockwise",
        ),
        ("np.linalg.inv(matrix(rotation, scale, slant))", "np.eye(2)", "nothing turns"),
        ("y + centre[0], x + centre[1]", "x + centre[1], y + centre[0]", ""),
        ("y + centre[0], x + centre[1]", "y, x", ""),
        ("return ", "answer = ", "returns nothing"),
        ("scale, slant", "1, slant", ""),
    )
    + [
        (
            "back = np.linalg.inv(matrix(rotation, scale, slant))\n"
            "x, y = np.tensordot(back, new, axes=1)\n"
            "return bilinear(image, y + centre[0] - down, x + centre[1] - right)",
            "taken off first",
        )
    ],
    "layer-norm": [
        *spoilt(
            LAYER_NORM,
            ("axis=1", "axis=0", "batch norm"),
            ("centred = x -", "centred = x\nx -=", "writes to its argument x"),
            ("axis=1, keepdims=True", "axis=1", ""),
            ("axis=1, keepdims=True", "", ""),
            (" + epsilon", "", "nan"),
            ("np.sqrt(var + epsilon)", "(var + epsilon)", "where is the root"),
            ("np.sqrt(var + epsilon)", "(np.sqrt(var) + epsilon)", "outside the root"),
            ("gamma * ", "", "gamma is missing"),
            (" + beta", "", "beta is missing"),
            ("+ epsilon", "+ 1e-5", "whatever epsilon"),
            ("return", "y =", "returns nothing"),
        ),
        (LAYER_NORM.replace("(centred**2).mean(axis=1,", "x.var(axis=1, ddof=1,"), ""),
    ],
    "drop-channels": [
        *spoilt(
            DROP_CHANNELS,
            ("(*x.shape[:2], 1, 1)", "x.shape", "as a whole"),
            ("kept = ", "rng = np.random.default_rng(0)\nkept = ", "new draw"),
            ("rng.random((", "np.random.random((", "rng that is given"),
            ("(*x.shape[:2], 1, 1)", "(1, x.shape[1], 1, 1)", "each image needs"),
            ("(*x.shape[:2], 1, 1)", "(len(x), 1, 1, 1)", "whole images fell"),
            (">=", "<", "of the channels fell"),
            (" / (1 - rate)", "", "not scaled"),
            ("/ (1 - rate)", "* (1 - rate)", "multiplied by the share"),
            ("/ (1 - rate)", "/ rate", "share that falls"),
            ("return x * kept", "x *= kept\nreturn x", "writes to its argument x"),
            ("return x * kept", "return kept", "shape"),
            ("return", "y =", "shape"),
        ),
        (
            """
            y = x.copy()
            for n in range(len(x)):
                y[n, rng.permutation(x.shape[1])[: round(rate * x.shape[1])]] = 0
            return y / (1 - rate)
            """,
            "always as many fall",
        ),
        ("return x", ""),
    ],
    "fold": [
        *spoilt(
            FOLD,
            ('norm.params["gamma"]', "1", "gamma is missing"),
            (" + norm.epsilon", "", "epsilon is missing"),
            ("np.sqrt(norm.running_var + norm.epsilon)", "norm.running_var", ""),
            (
                "np.sqrt(norm.running_var + norm.epsilon)",
                "(norm.running_var + norm.epsilon)",
                "where is the root",
            ),
            ("weight * gain", "weight", "unchanged"),
            ("weight * gain", "weight * gain[:1]", ""),
            (
                "(bias - norm.running_mean) * gain",
                "bias - norm.running_mean * gain",
                "bias itself is scaled",
            ),
            (
                "(bias - norm.running_mean) * gain",
                "(bias + norm.running_mean) * gain",
                "mean is added",
            ),
            (
                "(bias - norm.running_mean) * gain",
                "bias * gain - norm.running_mean",
                "mean is scaled, too",
            ),
            (' + norm.params["beta"]', "", "beta is missing"),
            ("return weight * gain, ", "return ", "two arrays"),
            ("return", "answer =", "two arrays"),
            ("return weight * gain", "weight *= gain\nreturn weight", "writes to its argument"),
        ),
        ("return weight, bias", "unchanged"),
    ],
}

RIGHT = {
    "l2": [
        "loss = loss + 0.5 * decay * np.sum(weight * weight)\n"
        "return loss, np.add(gradient, decay * weight)",
    ],
    "dropout-forward": [
        "fallen = rng.random(x.shape) < rate\nmask = np.where(fallen, 0.0, 1 / (1 - rate))\n"
        "return mask * x, mask",
        "mask = rng.binomial(1, 1 - rate, x.shape) / (1 - rate)\nreturn x * mask, mask",
        "mask = rng.uniform(size=x.shape) > rate\nmask = mask.astype(np.float32) / (1 - rate)\n"
        "return [x * mask, mask][0], mask",
    ],
    "dropout-backward": ["return np.multiply(mask, dy)", "return (dy * mask).tolist()"],
    "norm-forward": [
        "mean, var = x.mean(0), x.var(0)\nstd = (var + epsilon) ** 0.5\n"
        "return gamma * (x - mean) / std + beta, [x - mean, std, (x - mean) / std]",
    ],
    "norm-dbeta": ["return np.ones(len(dy)) @ dy"],
    "norm-dgamma": ["return np.einsum('nf,nf->f', dy, normal)"],
    "norm-dnormal": ["return dy @ np.diag(gamma)"],
    "norm-dvar": [
        "return (dnormal * centred * -0.5 * (std**2) ** -1.5).sum(axis=0)",
        "return np.sum(dnormal * centred, axis=0) / (-2 * std * std * std)",
    ],
    "norm-dmean": ["return -(dnormal / std).sum(axis=0)"],
    "norm-dx": [
        "n = dnormal.shape[0]\nreturn dnormal / std + (2 * centred * dvar + dmean) / n",
    ],
    "norm-backward": [
        "\n".join(BACKWARD.strip().splitlines()[i] for i in (2, 3, 4, 5, 0, 1, 6)),
        "\n".join(BACKWARD.strip().splitlines()[i] for i in (1, 2, 0, 3, 4, 5, 6)),
    ],
    "norm-short": [
        "n = len(dy)\n"
        "return gamma / (n * std) * (n * dy - dy.sum(0) - normal * (dy * normal).sum(0))",
    ],
    "norm-running": [
        "new = running_mean + (1 - momentum) * (x.mean(0) - running_mean)\n"
        "return new, running_var + (1 - momentum) * (x.var(0) - running_var)",
    ],
    "norm-predict": [
        "normal = (x - running_mean) / (running_var + epsilon) ** 0.5\n"
        "return normal * gamma + beta, (x - running_mean, np.sqrt(running_var + epsilon), normal)",
    ],
    "to-rows": [
        "if len(x.shape) == 4:\n    x = np.moveaxis(x, 1, -1).reshape(-1, x.shape[1])\nreturn x",
    ],
    "batch-norm": [
        "if not training:\n"
        "    y, self.cache = norm_predict(\n"
        "        rows, gamma, beta, self.running_mean, self.running_var, self.epsilon)\n"
        "    return from_rows(y, x.shape)\n"
        "y, self.cache = norm_forward(rows, gamma, beta, self.epsilon)\n"
        "self.running_mean, self.running_var = running_statistics(\n"
        "    rows, self.running_mean, self.running_var, self.momentum)\n"
        "return from_rows(y, x.shape)",
    ],
    "bilinear": [
        "left = framed[r, c] + down * (framed[r + 1, c] - framed[r, c])\n"
        "other = framed[r, c + 1] + down * (framed[r + 1, c + 1] - framed[r, c + 1])\n"
        "return left + right * (other - left)",
    ],
    "warp": [
        "a = np.linalg.inv(matrix(rotation, scale, slant))\n"
        "u, v = new[0] - right, new[1] - down\n"
        "return bilinear(image, a[1, 0] * u + a[1, 1] * v + centre[0],\n"
        "                a[0, 0] * u + a[0, 1] * v + centre[1])",
    ],
    "layer-norm": [
        "x = x.T\nz = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + epsilon)\n"
        "return z.T * gamma + beta",
    ],
    "drop-channels": [
        "n, c = x.shape[:2]\nmask = rng.binomial(1, 1 - rate, size=(n, c))[:, :, None, None]\n"
        "return x * mask / (1 - rate)",
    ],
    "fold": [
        "gain = norm.params['gamma'] * (norm.running_var + norm.epsilon) ** -0.5\n"
        "return weight @ np.diag(gain), gain * bias - gain * norm.running_mean"
        " + norm.params['beta']",
    ],
}
