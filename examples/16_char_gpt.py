"""A small GPT learns Shakespeare character by character, and then writes.

TINYNET_DATA=folder python examples/16_char_gpt.py    # reads folder/tinyshakespeare/input.txt
python examples/16_char_gpt.py --quick                # a few steps on the words of a script instead

After 1,307 steps the loss on text it has not seen is below 1.75 nats for each character.
"""

import numpy as np
from shakespeare_or_itself import options_and_text

from tinynet.learner import Learner
from tinynet.losses import cross_entropy
from tinynet.models import char_gpt, generate
from tinynet.optimizers import AdamW, CosineAnnealingLR, LinearWarmup, Muon, ParameterGroups

options, text = options_and_text(__doc__, length=128, stride=48)  # windows overlap: more beginnings
batch_size = 16


def is_inside_a_block(path, parameter):
    """The matrices that Muon is made for: those of attention and of the small networks, not embedding and head."""
    return parameter.tensor.ndim == 2 and path.split(".")[1] != "weight"


def schedule(lr):
    return LinearWarmup(CosineAnnealingLR(lr, T_max=len(text.train) // batch_size), n_steps=100)


sizes = {"embed_dim": 16, "num_heads": 2, "num_layers": 2} if options.quick else {}
net = char_gpt(len(text.vocabulary), **sizes)
optimizer = ParameterGroups([(is_inside_a_block, Muon(schedule(0.02))), ("*", AdamW(schedule(0.003)))])
learner = Learner(net, cross_entropy, optimizer, text.train, valid=text.valid, batch_size=batch_size)
history = learner.fit()
print(f"validation loss {history['valid_loss'][-1]:.3f} nats per character")

x = text.valid[:1][0]  # (1, T)
whole, cached, state = net.predict(x), [], None
for t in range(x.shape[1]):
    y, state = net.step(x[:, t : t + 1], state)  # reads one character, and what is kept of those before
    cached.append(y)
print(f"with and without the cache, logits differ by {np.abs(whole - np.concatenate(cached, axis=1)).max():.1e}")
written = generate(net, text.encode("\n"), 50 if options.quick else 500, temperature=0.8, context=text.valid.length)
print(text.decode(written))
