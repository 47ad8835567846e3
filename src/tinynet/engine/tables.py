"""All there is to know about the engine: on the left what is read, on the right what runs."""

from __future__ import annotations

from functools import partial

from tinynet.core.faster import TABLES
from tinynet.engine import embedding, linear, net, parts, recurrent, relu
from tinynet.engine.loops import embedding as embedding_loops
from tinynet.engine.loops import recurrent as recurrent_loops
from tinynet.engine.pairs import PAIRS, WEIGHTS_ONLY, Pair
from tinynet.layers import GRU, LSTM, RNN, Embedding, Layer, Linear, ReLU
from tinynet.net import Net, Residual

TABLES["compiled"] |= {
    Embedding.backward: embedding.backward,
    GRU.through_time: recurrent.gru,
    GRU.back_through_time: recurrent.gru_back,
    Layer.every_layer: parts.every_layer,
    Layer.parameters: parts.parameters,
    Linear.forward: linear.forward,
    Linear.backward: linear.backward,
    LSTM.through_time: recurrent.lstm,
    LSTM.back_through_time: recurrent.lstm_back,
    Net.forward: net.forward,
    Net.backward: net.backward,
    ReLU.forward: relu.forward,
    ReLU.backward: relu.backward,
    RNN.through_time: recurrent.rnn,
    RNN.back_through_time: recurrent.rnn_back,
}

TABLES["loops"] |= {
    Embedding.backward: embedding_loops.backward,
    GRU.through_time: recurrent_loops.gru,
    GRU.back_through_time: recurrent_loops.gru_back,
    LSTM.through_time: recurrent_loops.lstm,
    LSTM.back_through_time: recurrent_loops.lstm_back,
    RNN.through_time: recurrent_loops.rnn,
    RNN.back_through_time: recurrent_loops.rnn_back,
}

PAIRS |= {
    (Embedding, GRU): Pair(recurrent.of_tokens),
    (Embedding, LSTM): Pair(recurrent.of_tokens),
    (Embedding, RNN): Pair(recurrent.of_tokens),
    (Residual, ReLU): Pair(relu.forward_of_residual),
}

WEIGHTS_ONLY |= {
    Linear.backward: linear.add_up,
    Net.backward: partial(net.backward, input_gradient=False),
}
