"""The variational autoencoder, the two nets of DCGAN, and the transformer that writes sequences."""

import numpy as np
import pytest

import tinynet as tn
from tinynet.data import Dataset
from tinynet.gradcheck import check_layer, check_loss
from tinynet.layers import BatchNorm2D, Conv2D, Flatten, Linear, Tanh
from tinynet.learner import AverageWeights, Learner
from tinynet.losses import cross_entropy
from tinynet.models import (
    AdversarialLearner,
    EncoderDecoder,
    VariationalAutoencoder,
    dcgan,
    evidence_loss,
    noise,
    seq2seq,
    transcribe,
    vae,
)
from tinynet.net import Net
from tinynet.optimizers import SGD, Adam

# The variational autoencoder.


def small_layer():
    return VariationalAutoencoder(Net([Linear(5, 6), Tanh(), Linear(6, 4)]), Net([Linear(2, 5), Tanh()]))


def test_its_three_outputs_have_right_gradients():
    assert check_layer(small_layer(), (3, 5)).max_error < 1e-6


def test_in_training_it_draws_from_the_distribution_that_it_gives():
    tn.seed(0)
    layer = VariationalAutoencoder(Linear(1, 2, bias=False), Flatten())
    layer.encoder.weight.tensor = [[2.0], [np.log(9.0)]]  # mean 2, variance 9
    z, mean, log_variance = layer.forward(np.ones((20_000, 1), np.float32))
    assert abs(z.mean() - 2) < 0.1
    assert abs(z.std() - 3) < 0.1
    np.testing.assert_allclose([mean[0, 0], log_variance[0, 0]], [2, np.log(9)], rtol=1e-6)


def test_in_evaluation_it_takes_the_mean():
    net = vae((1, 4, 4), latent=3, hidden=8)
    x = np.random.default_rng(0).random((2, 1, 4, 4), np.float32)
    logits, mean, _ = net.predict(x)
    np.testing.assert_array_equal(logits, net[0].decoder.predict(mean))
    np.testing.assert_array_equal(logits, net.predict(x)[0])


def test_the_evidence_loss_by_hand():
    logits = np.array([[0.0, np.log(3.0)], [0.0, 0.0]])
    mean, log_variance = np.array([[1.0], [0.0]]), np.array([[0.0], [np.log(2.0)]])
    truth = np.array([[1.0, 0.0], [0.5, 0.5]])
    drawing = np.log(2) + np.log(4) + 2 * np.log(2)  # −log ½, −log(1 − ¾), and twice the surprise of a coin
    distance = 0.5 + 0.5 * (2 - 1 - np.log(2))
    loss, (da, dmean, dlog_variance) = evidence_loss((logits, mean, log_variance), truth)
    assert abs(loss - (drawing + distance) / 2) < 1e-12
    np.testing.assert_allclose(da, [[-0.25, 0.375], [0, 0]])
    np.testing.assert_allclose(dmean, [[0.5], [0]])
    np.testing.assert_allclose(dlog_variance, [[0], [0.25]])


def test_the_evidence_loss_has_right_gradients():
    truth = np.random.default_rng(0).random((3, 1, 2, 2))
    assert check_loss(evidence_loss, [(3, 1, 2, 2), (3, 2), (3, 2)], truth).max_error < 1e-6


def test_the_evidence_loss_refuses_other_shapes():
    with pytest.raises(ValueError, match=r"\(2, 4\)"):
        evidence_loss((np.zeros((2, 3)), np.zeros((2, 1)), np.zeros((2, 1))), np.zeros((2, 4)))


def test_it_learns_two_pictures():
    tn.seed(0)
    x = np.zeros((64, 1, 4, 4), np.float32)
    x[::2, :, :2] = 1
    x[1::2, :, 2:] = 1
    net = vae((1, 4, 4), hidden=32)
    history = Learner(net, evidence_loss, Adam(0.01), Dataset(x, x)).fit(40, progress=False)
    assert history["loss"][-1] < 3 < 10 < history["loss"][0]
    np.testing.assert_array_equal(net.predict(x)[0] > 0, x > 0.5)


def test_it_is_saved_and_loaded(tmp_path):
    net = vae((1, 4, 4), hidden=8)
    tn.save(net, tmp_path / "vae.safetensors")
    again = tn.load(tmp_path / "vae.safetensors", layers=[VariationalAutoencoder])
    x = np.random.default_rng(0).random((2, 1, 4, 4), np.float32)
    np.testing.assert_array_equal(again.predict(x)[0], net.predict(x)[0])


# DCGAN.


def test_shapes_and_first_weights_of_dcgan():
    generator, discriminator = dcgan((3, 8, 12), latent=5, width=32)
    pictures = generator.predict(noise(4, 5))
    assert pictures.shape == (4, 3, 8, 12)
    assert 0 < pictures.min() < pictures.max() < 1
    assert discriminator.predict(pictures).shape == (4, 1)
    assert abs(discriminator[2].weight.tensor.std() - 0.02) < 0.001
    assert sum(isinstance(layer, BatchNorm2D) for layer in (*generator, *discriminator)) == 3


def bright_pictures(n=64):
    x = np.random.default_rng(0).uniform(0, 0.4, (n, 1, 4, 4)).astype(np.float32)
    x[:, :, 1:3, 1:3] += 0.6
    return Dataset(x, np.zeros(n, int))


def adversaries(lr=0.005, **options):
    generator, discriminator = dcgan((1, 4, 4), latent=4, width=8)
    rules = [Adam(lr, betas=(0.5, 0.999)) for _ in range(2)]
    return AdversarialLearner(generator, discriminator, *rules, bright_pictures(), latent=4, batch_size=16, **options)


def test_each_net_learns_in_its_own_turn():
    learner = adversaries()
    x, y = learner.train[:16]
    before = [net.state() for net in (learner.net, learner.discriminator)]
    loss, judged = learner.train_step(x, y)
    assert judged.shape == (16, 1)
    assert abs(loss - np.log1p(np.exp(-judged)).mean()) < 1e-5  # −log σ of what the drawn ones got
    for net, state in zip((learner.net, learner.discriminator), before, strict=True):
        assert all((net.state()[path] != state[path]).any() for path in net.parameters())
        assert all(not parameter.gradient.any() and parameter.trainable for parameter in net.parameters().values())


def test_the_generator_learns_what_real_pictures_look_like():
    tn.seed(0)
    learner = adversaries()
    learner.fit(40, progress=False)
    drawn = learner.net.predict(noise(50, 4)).mean(axis=0)[0]
    inside = np.pad(np.ones((2, 2), bool), 1)
    assert drawn[inside].mean() > 0.6
    assert drawn[~inside].mean() < 0.4  # all of the border: of a few pixels the mean depends on last digits


def test_a_rate_that_is_too_high_is_noticed():
    learner = adversaries()
    learner.net[0].weight.tensor[0, 0] = np.nan
    with pytest.raises(FloatingPointError, match="the loss became nan"):
        learner.fit(1, progress=False)


def test_it_is_examined_with_fixed_noise():
    learner = adversaries(metrics=[share_taken_for_real])
    numbers = learner.evaluate(learner.train)
    drawn = learner.net.predict(noise(64, 4, np.random.default_rng(0)))
    judged = learner.discriminator.predict(drawn)
    assert abs(numbers["loss"] - np.log1p(np.exp(-judged)).mean()) < 1e-6
    assert numbers["share_taken_for_real"] == (judged > 0).mean()
    assert learner.evaluate(learner.train) == numbers


def share_taken_for_real(judged, truth):
    return float((judged > 0).mean())


def test_it_may_have_validation_data():
    learner = adversaries(valid=bright_pictures(10), metrics=[share_taken_for_real])
    history = learner.fit(2, progress=False)
    assert {"valid_loss", "valid_share_taken_for_real"} <= set(history.rows[-1])
    assert history["valid_loss"][-1] == learner.evaluate(learner.valid)["loss"]


def test_both_nets_are_saved_as_one_and_loaded(tmp_path):
    learner = adversaries()
    tn.save(learner.as_one, tmp_path / "both.safetensors")
    again = tn.load(tmp_path / "both.safetensors")
    x = noise(3, 4)
    assert again.names == ("generator", "discriminator")
    np.testing.assert_array_equal(again[0].predict(x), learner.net.predict(x))
    np.testing.assert_array_equal(again.predict(x), learner.discriminator.predict(learner.net.predict(x)))


# From sequence to sequence.


def test_gradients_of_the_encoder_decoder():
    layer = seq2seq(vocabulary=5, embed_dim=4, num_heads=2, max_length=4)[0]
    rng = np.random.default_rng(0)
    inputs = [rng.integers(5, size=(2, 4)), rng.integers(5, size=(2, 3))]
    assert check_layer(layer, inputs, max_entries=6).max_error < 1e-5


def test_it_sees_the_whole_source_and_only_what_is_written():
    tn.seed(0)
    net = seq2seq(vocabulary=6, embed_dim=8, num_heads=2, max_length=5)
    source, written = np.array([[1, 2, 3, 4, 5]]), np.array([[0, 1, 2, 3]])
    y = net.predict(source, written)
    other_end = net.predict(np.array([[1, 2, 3, 4, 0]]), written)
    assert abs(y - other_end).max(axis=-1).min() > 0
    other_last = net.predict(source, np.array([[0, 1, 2, 5]]))
    assert abs(y - other_last).max(axis=-1)[0, :3].max() == 0
    assert abs(y - other_last).max(axis=-1)[0, 3] > 0


def test_it_learns_to_turn_pairs_around():
    tn.seed(0)
    source = np.random.default_rng(0).integers(4, size=(256, 2))
    answer = np.concatenate([np.full((256, 1), 4), source[:, ::-1]], axis=1)
    data = Dataset((source, answer[:, :-1]), answer[:, 1:])
    net = seq2seq(vocabulary=5, embed_dim=16, num_heads=2, max_length=2)
    Learner(net, cross_entropy, Adam(0.01), data).fit(12, progress=False)
    np.testing.assert_array_equal(transcribe(net, source, start=4, length=2), source[:, ::-1])


def test_transcribing_needs_a_length():
    with pytest.raises(ValueError, match="transcribe: length must be at least 1"):
        transcribe(seq2seq(), np.zeros((1, 2), int), start=0, length=0)


def test_padding_of_the_source_is_read_by_nobody():
    net = seq2seq(vocabulary=7, embed_dim=8, num_heads=2, max_length=6, padding=0)
    source, written = np.array([[3, 4, 0, 0], [1, 2, 5, 6]]), np.array([[1, 2], [3, 0]])
    y = net.predict(source, written)
    np.testing.assert_allclose(net.predict(source[:1, :2], written[:1]), y[:1], rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(net.predict(source, written, padding_mask=source == 0), y)
    assert abs(seq2seq(7, 8, 2, 6).predict(source, written) - y).max() > 0
    layer = net[0]
    assert check_layer(layer, [source, written], max_entries=6).max_error < 1e-5


def test_it_stops_where_every_row_has_ended():
    net = seq2seq(vocabulary=5, embed_dim=8, num_heads=2, max_length=9)
    net[0].writer[-1].bias.tensor[3] = 100
    assert transcribe(net, np.zeros((2, 3), int), start=0, length=8, end=3).tolist() == [[3], [3]]
    assert transcribe(net, np.zeros((2, 3), int), start=0, length=8, end=2).tolist() == [[3] * 8] * 2


def test_the_encoder_decoder_is_saved_and_loaded(tmp_path):
    net = seq2seq(vocabulary=5, embed_dim=8, num_heads=2, max_length=4, padding=3)
    tn.save(net, tmp_path / "net.safetensors")
    again = tn.load(tmp_path / "net.safetensors", layers=[EncoderDecoder])
    source, written = np.array([[1, 2, 3]]), np.array([[4, 0]])
    np.testing.assert_array_equal(again.predict(source, written), net.predict(source, written))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: vae(latent=0), "vae: latent must be at least 1"),
        (lambda: vae(hidden=0), "vae: hidden must be at least 1"),
        (lambda: vae((28, 28)), r"vae: input_shape must be \(channels, height, width\)"),
        (lambda: dcgan((1, 30, 28)), "dcgan: height and width must be multiples of 4"),
        (lambda: dcgan(latent=0), "dcgan: latent must be at least 1"),
        (lambda: dcgan(width=0), "dcgan: width must be at least 1"),
    ],
)
def test_what_cannot_be_built_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_frozen_nets_keep_their_weights_in_the_turn_of_the_other():
    generator, discriminator = dcgan((1, 4, 4), latent=4, width=2)
    with discriminator.frozen():
        dx = discriminator.backward(np.ones_like(discriminator.forward(generator.forward(noise(2, 4)))))
        generator.backward(dx)
        discriminator.update(SGD(0.1))
    assert all(not parameter.gradient.any() for parameter in discriminator.parameters().values())
    assert all(
        parameter.gradient.any()
        for layer in generator
        if isinstance(layer, (Linear, Conv2D))
        for parameter in layer.parameters().values()
    )


def test_the_averaged_generator_has_the_statistics_of_noise():
    tn.seed(0)
    generator, discriminator = dcgan((1, 8, 8), 16, 4)
    pictures = Dataset(np.random.default_rng(0).random((40, 1, 8, 8), np.float32), np.zeros(40, int))
    averaging = AverageWeights(decay=0.5)
    learner = AdversarialLearner(
        generator, discriminator, SGD(0.1), SGD(0.1), pictures, 16, batch_size=20, callbacks=[averaging]
    )
    learner.fit(progress=False)
    first = next(layer for layer in generator if isinstance(layer, BatchNorm2D))
    seen = []

    class Watch:
        def on_forward(self, path, layer, x, y):
            if layer is first:
                seen.append(x)

    with generator.watch(Watch()):
        generator.predict(noise(4000, 16))
    np.testing.assert_allclose(first.running_mean, np.concatenate(seen).mean((0, 2, 3)), atol=0.05)
