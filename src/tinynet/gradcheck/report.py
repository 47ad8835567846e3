"""What a passed check has compared."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Report:
    """The result of a check that found nothing wrong.

    Args:
        who: The layer, loss or net that was checked.
        errors: The largest relative error of each gradient, by the name of the input or the path of the parameter.
        n_compared: How many entries of each were compared with finite differences.
        n_redrawn: How often the inputs were drawn again because an entry lay at a kink.
        remarks: What is no error but most likely a mistake, such as a plain array that looks like a weight.

    Example:
        >>> report = Report("Linear(in_features=3, out_features=2)", {"x": 2.5e-11}, {"x": 12})
        >>> report
        Linear(in_features=3, out_features=2): the gradients agree with finite differences.
          x  largest relative error 2.5e-11 over 12 entries
    """

    who: str
    errors: dict[str, float]
    n_compared: dict[str, int]
    n_redrawn: int = field(default=0)
    remarks: tuple[str, ...] = field(default=())

    @property
    def max_error(self) -> float:
        """The largest relative error of all; 0 if there was nothing to differentiate."""
        return max(self.errors.values(), default=0.0)

    def __repr__(self) -> str:
        remarks = [f"  remark: {remark}" for remark in self.remarks]
        if not self.errors:
            return "\n".join(
                [f"{self.who}: there is nothing to differentiate, and all else is as it must be.", *remarks]
            )
        width = max(len(name) for name in self.errors)
        lines = [
            f"  {name:<{width}}  largest relative error {error:.2g} over {self.n_compared[name]} entries"
            for name, error in self.errors.items()
        ]
        redrawn = [f"  inputs were drawn again {self.n_redrawn} times, away from kinks"] if self.n_redrawn else []
        return "\n".join([f"{self.who}: the gradients agree with finite differences.", *lines, *redrawn, *remarks])
