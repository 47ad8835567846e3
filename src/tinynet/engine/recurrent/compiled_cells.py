"""The compiled recurrent cells: what one thread does for its samples, or hidden units, through all steps.

The weights of the states are packed once and multiplied in every step. A sample has the same bits whichever samples are
computed with it, so threads that share samples need not wait for one another. `start` and `end` count groups of `ROWS`
samples or, in a forward pass with few samples, blocks of hidden units (see `compiled_steps`). All arrays but `counts`
(T, N) are flat. Their shapes are those of `compiled`, and H is a multiple of 16.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numpy as np

from tinynet.engine.machine.functions import sigmoid, tanh
from tinynet.engine.machine.jit import compiled
from tinynet.engine.machine.tiles import multiply
from tinynet.engine.recurrent.compiled_steps import portion, product, report, samples, wait_for_others


@compiled
def rnn_forward(start, end, gx, rows, P, h, counts, H, reached, relu):
    (T, N), zero = counts.shape, h.dtype.type(0)
    first, M, left, right = portion(start, end, N, H, reached)
    gh, nothing = np.empty(M * H, h.dtype), np.zeros(H, h.dtype)  # gh is that of one step, so it stays in the cache
    for t in range(T):
        if not wait_for_others(t, start, end, reached):
            return
        at = t * N + first
        product(h, at, M, P, nothing, H, 1, left, right, gh)
        for n in range(M):
            place, row = slice((at + n) * H + left, (at + n) * H + right), gh[n * H + left : n * H + right]
            state, given = h[N * H :][place], gx[rows[at + n] * H + left : rows[at + n] * H + right]
            if not counts[t, first + n]:
                _copy(h[place], state)
            elif relu:
                for j in range(right - left):
                    state[j] = given[j] + row[j]
                for j in range(right - left):
                    state[j] = zero if state[j] < zero else state[j]
            else:
                for j in range(right - left):
                    state[j] = tanh(given[j] + row[j])
        report(t + 1, start, end, reached)


@compiled
def rnn_backward(start, end, dy, dh, h, P, da, counts, H, relu):
    """Fill da, and take dh from the last state to the first."""
    (T, N), zero, one = counts.shape, h.dtype.type(0), h.dtype.type(1)
    first, M = samples(start, end, N)
    for t in range(T - 1, -1, -1):
        at = (t * N + first) * H
        for n in range(M):
            row = slice(n * H, (n + 1) * H)
            d, up, state, new = da[at:][row], dh[first * H :][row], dy[at:][row], h[at + N * H :][row]
            if not counts[t, first + n]:
                d[:] = 0
                continue
            for j in range(H):
                up[j] += state[j]
            for j in range(H):
                d[j] = up[j] * (one - new[j] * new[j]) if not relu else up[j] if new[j] > zero else zero
                up[j] = 0  # The product with da adds the rest.
        multiply(da, at, H, M, P, H, H, dh, dh, first * H, H, True)


@compiled
def lstm_forward(start, end, gx, rows, P, h, c, gates, counts, H, reached):
    T, N = counts.shape
    first, M, left, right = portion(start, end, N, H, reached)
    gh, nothing = np.empty(4 * M * H, h.dtype), np.zeros(4 * H, h.dtype)
    for t in range(T):
        if not wait_for_others(t, start, end, reached):
            return
        at = t * N + first
        product(h, at, M, P, nothing, H, 4, left, right, gh)
        for n in range(M):
            i, f, g, o = _quarters(gates, at + n, H, left, right)
            xi, xf, xg, xo = _quarters(gx, rows[at + n], H, left, right)
            hi, hf, hg, ho = _quarters(gh, n, H, left, right)
            place = slice((at + n) * H + left, (at + n) * H + right)
            before, cell, state = c[place], c[N * H :][place], h[N * H :][place]
            for j in range(right - left):
                i[j] = sigmoid(xi[j] + hi[j])
            for j in range(right - left):
                f[j] = sigmoid(xf[j] + hf[j])
            for j in range(right - left):
                g[j] = tanh(xg[j] + hg[j])
            for j in range(right - left):
                o[j] = sigmoid(xo[j] + ho[j])
            if counts[t, first + n]:
                for j in range(right - left):
                    cell[j] = f[j] * before[j] + i[j] * g[j]
                for j in range(right - left):
                    state[j] = o[j] * tanh(cell[j])
            else:
                _copy(before, cell)
                _copy(h[place], state)
        report(t + 1, start, end, reached)


@compiled
def lstm_backward(start, end, dy, dh, dc, c, gates, P, da, counts, H):
    """Fill da, and take dh and dc from the last states to the first."""
    (T, N), one = counts.shape, c.dtype.type(1)
    first, M = samples(start, end, N)
    for t in range(T - 1, -1, -1):
        at = t * N + first
        for n in range(M):
            row, place = slice((first + n) * H, (first + n + 1) * H), slice((at + n) * H, (at + n + 1) * H)
            up, down, shown, before, cell = dh[row], dc[row], dy[place], c[place], c[N * H :][place]
            i, f, g, o = _quarters(gates, at + n, H, 0, H)
            di, df, dg, do = _quarters(da, at + n, H, 0, H)
            if not counts[t, first + n]:
                da[4 * place.start : 4 * place.stop] = 0
                continue
            for j in range(H):
                up[j] += shown[j]
            for j in range(H):
                tanh_c = tanh(cell[j])
                do[j] = up[j] * tanh_c * o[j] * (one - o[j])
                down[j] += up[j] * o[j] * (one - tanh_c * tanh_c)
                up[j] = 0  # The product with da adds the rest.
            for j in range(H):
                di[j] = down[j] * g[j] * i[j] * (one - i[j])
                df[j] = down[j] * before[j] * f[j] * (one - f[j])
                dg[j] = down[j] * i[j] * (one - g[j] * g[j])
                down[j] *= f[j]
        multiply(da, 4 * at * H, 4 * H, M, P, 4 * H, H, dh, dh, first * H, H, True)


@compiled
def gru_forward(start, end, gx, rows, P, b, h, gates, counts, H, reached):
    (T, N), one = counts.shape, h.dtype.type(1)
    first, M, left, right = portion(start, end, N, H, reached)
    gh = np.empty(3 * M * H, h.dtype)
    for t in range(T):
        if not wait_for_others(t, start, end, reached):
            return
        at = t * N + first
        product(h, at, M, P, b, H, 3, left, right, gh)
        for n in range(M):
            r, z, new, row = _quarters(gates, at + n, H, left, right)
            xr, xz, xn = _thirds(gx, rows[at + n], H, left, right)
            hr, hz, hn = _thirds(gh, n, H, left, right)
            place = slice((at + n) * H + left, (at + n) * H + right)
            before, state = h[place], h[N * H :][place]
            for j in range(right - left):
                r[j] = sigmoid(xr[j] + hr[j])
            for j in range(right - left):
                z[j] = sigmoid(xz[j] + hz[j])
            _copy(hn, row)
            for j in range(right - left):
                new[j] = tanh(xn[j] + r[j] * row[j])
            if counts[t, first + n]:
                for j in range(right - left):
                    state[j] = (one - z[j]) * new[j] + z[j] * before[j]
            else:
                _copy(before, state)
        report(t + 1, start, end, reached)


@compiled
def gru_backward(start, end, dy, dh, h, gates, P, dgx, dgh, counts, H):
    """Fill dgx and dgh, and take dh from the last state to the first."""
    (T, N), one = counts.shape, h.dtype.type(1)
    first, M = samples(start, end, N)
    for t in range(T - 1, -1, -1):
        at = t * N + first
        for n in range(M):
            place = slice((at + n) * H, (at + n + 1) * H)
            up, shown, before = dh[(first + n) * H : (first + n + 1) * H], dy[place], h[place]
            r, z, new, row = _quarters(gates, at + n, H, 0, H)
            xr, xz, xn = _thirds(dgx, at + n, H, 0, H)
            hr, hz, hn = _thirds(dgh, at + n, H, 0, H)
            if not counts[t, first + n]:
                dgx[3 * place.start : 3 * place.stop] = 0
                dgh[3 * place.start : 3 * place.stop] = 0
                continue
            for j in range(H):
                up[j] += shown[j]
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
def _quarters(gates, n, H, left, right):
    """The four gates of the hidden units from left to right, in row n."""
    row, some = gates[4 * n * H : 4 * (n + 1) * H], slice(left, right)
    return row[some], row[H:][some], row[2 * H :][some], row[3 * H :][some]


@compiled
def _thirds(gates, n, H, left, right):
    row, some = gates[3 * n * H : 3 * (n + 1) * H], slice(left, right)
    return row[some], row[H:][some], row[2 * H :][some]


@compiled
def _copy(x, y):
    for j in range(len(y)):  # y[:] = x checks the shapes, and the code for its error takes seconds to compile
        y[j] = x[j]
