"""The sections of a report: when each is there, and what it says."""

import numpy as np
import pytest

from tinynet.data import Dataset, digits, moons
from tinynet.layers import Conv2D, Embedding, Flatten, GlobalAvgPool2D, Linear, ReLU
from tinynet.learner import History, Learner, Statistics
from tinynet.losses import cross_entropy
from tinynet.net import Net
from tinynet.optimizers import SGD
from tinynet.probe import Diagnoses, Diagnosis
from tinynet.visualize import report
from tinynet.visualize.sections import SECTIONS
from tinynet.visualize.subject import Subject

MAKERS = dict(SECTIONS)


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch):
    monkeypatch.setattr("tinynet.visualize.sections.view.png", lambda figure, dpi, transparent: b"")


def small():
    return Net([Flatten(), Linear(64, 8), ReLU(), Linear(8, 10)])


def images():
    return digits()[1].subset(slice(40))


def of(rows):
    made = History()
    for row in rows:
        made.append(row)
    return made


def test_what_the_doctor_says_is_listed_with_its_code():
    found = Diagnoses(
        [
            Diagnosis(
                "lr-high", "problem", 0.9, "the loss rises & rises", "Steps are <too> large.", "SGD(lr=0.01)", "0"
            ),
            Diagnosis("useless-bias", "remark", 0.2, "a bias", "It is taken away.", "Linear(bias=False)"),
        ]
    )
    view = MAKERS["What the doctor says"](Subject(small(), diagnoses=found))
    assert view.mark == "bad"
    assert "<h3>The learning rate is too high</h3>" in view.html
    assert "<dd>the loss rises &amp; rises (layer 0)</dd>" in view.html
    assert "Steps are &lt;too&gt; large." in view.html
    assert "<code>SGD(lr=0.01)</code>" in view.html
    assert "bias=False" not in view.html  # remarks have no place on a page about one run


def test_the_doctor_does_not_repeat_the_first_section():
    rising = of({"epoch": n, "loss": 2.0 / n**2, "valid_loss": 1.0 + 0.1 * abs(n - 4)} for n in range(1, 15))
    overfits = Diagnosis("reg-none", "problem", 0.9, "it overfits", "", "")
    subject = Subject(small(), rising, diagnoses=Diagnoses([overfits]))
    assert subject.course.kind == "overfitted"
    assert MAKERS["What the doctor says"](subject) is None
    assert MAKERS["What the doctor says"](Subject(small(), diagnoses=Diagnoses([overfits]))) is not None


def test_all_layers_over_training():
    statistics = Statistics("full")
    learner = Learner(small(), cross_entropy, SGD(lr=0.1), images(), callbacks=[statistics])
    learner.fit(1, progress=False)
    view = MAKERS["Layer by layer"](Subject(learner.net, statistics=statistics))
    assert "A row is a layer" in view.words
    assert "All layers over the training." in view.html
    assert MAKERS["Layer by layer"](Subject(learner.net)) is None


def test_where_a_convolution_looks_and_where_a_net_without_one_does():
    with_maps = Net([Conv2D(1, 4, 3), ReLU(), Flatten(), Linear(144, 10)])
    view = MAKERS["Where it looks"](Subject(with_maps, test=images()))
    assert view.words.startswith("The surest mistakes of the test data")
    assert "(Grad-CAM)" in view.words
    assert "Grad-CAM" not in MAKERS["Where it looks"](Subject(small(), test=images())).words
    assert MAKERS["Where it looks"](Subject(Net([Linear(2, 2)]), test=moons(20, rng=0))) is None


def test_a_net_that_makes_few_mistakes_shows_others_too():
    x = np.eye(8, dtype=np.float32).reshape(8, 1, 2, 4)
    layer = Linear(8, 8)
    layer.weight.tensor, layer.bias.tensor = 9 * np.eye(8), np.zeros(8)
    view = MAKERS["Where it looks"](Subject(Net([Flatten(), layer]), test=Dataset(x, np.arange(8))))
    assert view.words.startswith("Some samples of the test data")


def test_samples_as_the_last_layer_sees_them():
    maker = MAKERS["Samples as it sees them"]
    assert "Each dot is a sample" in maker(Subject(small(), test=images())).words
    assert maker(Subject(small(), test=images().subset(slice(5)))) is None
    assert maker(Subject(Net([Linear(2, 2)]), test=moons(20, rng=0))) is None
    no_linear = Net([Conv2D(1, 10, 3), GlobalAvgPool2D()])
    assert maker(Subject(no_linear, test=images())) is None or "dot" in maker(Subject(no_linear, test=images())).words


def test_tokens_have_no_pictures():
    tokens = Dataset(np.arange(24).reshape(12, 2) % 5, np.arange(12) % 3)
    net = Net([Embedding(5, 4), Flatten(), Linear(8, 3)])
    subject = Subject(net, test=tokens, loss=cross_entropy)
    found = [heading for heading, maker in SECTIONS if maker(subject) is not None]
    assert found == ["Confusion matrix", "Samples as it sees them", "Weights and gradients", "Network"]


def test_statistics_and_diagnoses_of_another_kind(tmp_path):
    with pytest.raises(TypeError, match=r"report: expected the statistics of a training, got an int"):
        report(tmp_path / "r.html", small(), statistics=3)
    with pytest.raises(TypeError, match=r"report: diagnoses must be a Diagnoses, got"):
        report(tmp_path / "r.html", small(), diagnoses=[3])
