"""What a thread does in the compiled recurrent cells: some samples, through all of time.

The weights of the states are packed once and multiplied in every step; a sample's numbers are the same whichever are
computed with it, so threads need not wait for one another. `start` and `end` count groups of `ROWS` samples. All
arrays but `counts` (T, N) are flat; their shapes are those of `recurrent`, and H is a multiple of 16.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from tinynet.kernels.jit import compiled
from tinynet.kernels.smooth import sigmoid, tanh
from tinynet.kernels.tiles import ROWS, multiply


@compiled
def rnn_forward(start, end, gx, P, h, counts, H, relu):
    (T, N), zero = counts.shape, h.dtype.type(0)
    first, M = _samples(start, end, N)
    gh, nothing = np.empty(M * H, h.dtype), np.zeros(H, h.dtype)  # gh of one step, so that it stays in the cache
    for t in range(T):
        at = t * N + first
        multiply(h, at * H, H, M, P, H, H, nothing, gh, 0, H, False)
        for n in range(M):
            place, row = slice((at + n) * H, (at + n + 1) * H), gh[n * H : (n + 1) * H]
            given, state = gx[place], h[N * H :][place]
            if not counts[t, first + n]:
                _copy(h[place], state)
            elif relu:
                for j in range(H):
                    state[j] = given[j] + row[j]
                for j in range(H):
                    state[j] = zero if state[j] < zero else state[j]
            else:
                for j in range(H):
                    state[j] = tanh(given[j] + row[j])


@compiled
def rnn_backward(start, end, dy, dh, h, P, da, counts, H, relu):
    """Fill da, and take dh from the last state to the first."""
    (T, N), zero, one = counts.shape, h.dtype.type(0), h.dtype.type(1)
    first, M = _samples(start, end, N)
    for t in range(T - 1, -1, -1):
        at = (t * N + first) * H
        for n in range(M):
            row = slice(n * H, (n + 1) * H)
            d, up, state, new = da[at:][row], dh[first * H :][row], dy[at:][row], h[at + N * H :][row]
            for j in range(H):
                up[j] += state[j]
            if not counts[t, first + n]:
                d[:] = 0
                continue
            for j in range(H):
                slope = one - new[j] * new[j] if not relu else one if new[j] > zero else zero
                d[j] = up[j] * slope
                up[j] = 0  # what comes now goes through da
        multiply(da, at, H, M, P, H, H, dh, dh, first * H, H, True)


@compiled
def lstm_forward(start, end, gx, P, h, c, gates, counts, H):
    T, N = counts.shape
    first, M = _samples(start, end, N)
    gh, nothing = np.empty(4 * M * H, h.dtype), np.zeros(4 * H, h.dtype)
    for t in range(T):
        at = t * N + first
        multiply(h, at * H, H, M, P, H, 4 * H, nothing, gh, 0, 4 * H, False)
        for n in range(M):
            i, f, g, o = _quarters(gates, at + n, H)
            xi, xf, xg, xo = _quarters(gx, at + n, H)
            hi, hf, hg, ho = _quarters(gh, n, H)
            place = slice((at + n) * H, (at + n + 1) * H)
            before, cell, state = c[place], c[N * H :][place], h[N * H :][place]
            for j in range(H):
                i[j] = sigmoid(xi[j] + hi[j])
            for j in range(H):
                f[j] = sigmoid(xf[j] + hf[j])
            for j in range(H):
                g[j] = tanh(xg[j] + hg[j])
            for j in range(H):
                o[j] = sigmoid(xo[j] + ho[j])
            if counts[t, first + n]:
                for j in range(H):
                    cell[j] = f[j] * before[j] + i[j] * g[j]
                for j in range(H):
                    state[j] = o[j] * tanh(cell[j])
            else:
                _copy(before, cell)
                _copy(h[place], state)


@compiled
def lstm_backward(start, end, dy, dh, dc, c, gates, P, da, counts, H):
    """Fill da, and take dh and dc from the last states to the first."""
    (T, N), one = counts.shape, c.dtype.type(1)
    first, M = _samples(start, end, N)
    for t in range(T - 1, -1, -1):
        at = t * N + first
        for n in range(M):
            row, place = slice((first + n) * H, (first + n + 1) * H), slice((at + n) * H, (at + n + 1) * H)
            up, down, shown, before, cell = dh[row], dc[row], dy[place], c[place], c[N * H :][place]
            i, f, g, o = _quarters(gates, at + n, H)
            di, df, dg, do = _quarters(da, at + n, H)
            for j in range(H):
                up[j] += shown[j]
            if not counts[t, first + n]:
                da[4 * place.start : 4 * place.stop] = 0
                continue
            for j in range(H):
                tanh_c = tanh(cell[j])
                do[j] = up[j] * tanh_c * o[j] * (one - o[j])
                down[j] += up[j] * o[j] * (one - tanh_c * tanh_c)
                up[j] = 0  # what comes now goes through da
            for j in range(H):
                di[j] = down[j] * g[j] * i[j] * (one - i[j])
                df[j] = down[j] * before[j] * f[j] * (one - f[j])
                dg[j] = down[j] * i[j] * (one - g[j] * g[j])
                down[j] *= f[j]
        multiply(da, 4 * at * H, 4 * H, M, P, 4 * H, H, dh, dh, first * H, H, True)


@compiled
def gru_forward(start, end, gx, P, b, h, gates, inner, counts, H):
    (T, N), one = counts.shape, h.dtype.type(1)
    first, M = _samples(start, end, N)
    gh = np.empty(3 * M * H, h.dtype)
    for t in range(T):
        at = t * N + first
        multiply(h, at * H, H, M, P, H, 3 * H, b, gh, 0, 3 * H, False)
        for n in range(M):
            r, z, new = _thirds(gates, at + n, H)
            xr, xz, xn = _thirds(gx, at + n, H)
            hr, hz, hn = _thirds(gh, n, H)
            place = slice((at + n) * H, (at + n + 1) * H)
            row, before, state = inner[place], h[place], h[N * H :][place]
            for j in range(H):
                r[j] = sigmoid(xr[j] + hr[j])
            for j in range(H):
                z[j] = sigmoid(xz[j] + hz[j])
            _copy(hn, row)
            for j in range(H):
                new[j] = tanh(xn[j] + r[j] * row[j])
            if counts[t, first + n]:
                for j in range(H):
                    state[j] = (one - z[j]) * new[j] + z[j] * before[j]
            else:
                _copy(before, state)


@compiled
def gru_backward(start, end, dy, dh, h, gates, inner, P, dgx, dgh, counts, H):
    """Fill dgx and dgh, and take dh from the last state to the first."""
    (T, N), one = counts.shape, h.dtype.type(1)
    first, M = _samples(start, end, N)
    for t in range(T - 1, -1, -1):
        at = t * N + first
        for n in range(M):
            place = slice((at + n) * H, (at + n + 1) * H)
            up, shown, before, row = dh[(first + n) * H : (first + n + 1) * H], dy[place], h[place], inner[place]
            r, z, new = _thirds(gates, at + n, H)
            xr, xz, xn = _thirds(dgx, at + n, H)
            hr, hz, hn = _thirds(dgh, at + n, H)
            for j in range(H):
                up[j] += shown[j]
            if not counts[t, first + n]:
                dgx[3 * place.start : 3 * place.stop] = 0
                dgh[3 * place.start : 3 * place.stop] = 0
                continue
            for j in range(H):
                xn[j] = up[j] * (one - z[j]) * (one - new[j] * new[j])
                xr[j] = xn[j] * row[j] * r[j] * (one - r[j])
            for j in range(H):
                xz[j] = up[j] * (before[j] - new[j]) * z[j] * (one - z[j])
                up[j] *= z[j]
            _copy(xr, hr)
            _copy(xz, hz)
            for j in range(H):
                hn[j] = xn[j] * r[j]
        multiply(dgh, 3 * at * H, 3 * H, M, P, 3 * H, H, dh, dh, first * H, H, True)


@compiled
def _samples(start, end, N):
    """The first sample of the groups from start to end, and how many there are."""
    return start * ROWS, min(N, end * ROWS) - start * ROWS


@compiled
def _quarters(gates, n, H):
    row = gates[4 * n * H : 4 * (n + 1) * H]
    return row[:H], row[H : 2 * H], row[2 * H : 3 * H], row[3 * H :]


@compiled
def _thirds(gates, n, H):
    row = gates[3 * n * H : 3 * (n + 1) * H]
    return row[:H], row[H : 2 * H], row[2 * H :]


@compiled
def _copy(x, y):
    for j in range(len(y)):  # y[:] = x would check the shapes, and the code for its error takes seconds to compile
        y[j] = x[j]
