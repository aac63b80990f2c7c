# SPDX-License-Identifier: BSD-3-Clause
"""What a training run came to: a verdict from its own curves, with the numbers behind it."""

from __future__ import annotations

from typing import Any

from sklearn.base import is_classifier
from sklearn.utils.validation import check_is_fitted

from schuss.diagnosis._advice import Knobs
from schuss.diagnosis._case import Case
from schuss.diagnosis._evidence import evidence
from schuss.diagnosis._rules import judge
from schuss.diagnosis._verdict import Evidence, Label, Verdict
from schuss.history import History

__all__ = ["Evidence", "Label", "Verdict", "diagnose"]


def diagnose(
    run: Any,
    *,
    stop_reason: str | None = None,
    kept_iteration: int | None = None,
    training_samples: int | None = None,
    validation_samples: int | None = None,
) -> Verdict:
    """Judge a training run by its own curves.

    Every effect is first compared with its own noise: the slope at the end of a curve
    with its standard error, a rise of the validation loss with the fluctuation between
    iterations and with the luck of a lowest point, the gap between training and
    validation loss with its sampling error. What is significant must then also be
    material, measured by what training gained over the best constant guess.

    Parameters
    ----------
    run : estimator or History
        A fitted estimator with a ``history_``, or a history alone.
    stop_reason : str or None, default=None
        Why the run ended; None takes the estimator's ``stop_reason_``.
    kept_iteration : int or None, default=None
        Iteration, from 0, whose parameters the model has; None takes the estimator's
        ``best_iteration_`` if it stops early, else the last.
    training_samples, validation_samples : int or None, default=None
        Number of rows behind ``training_loss`` and ``validation_loss``; None takes the
        entries of these names in ``history.baseline``. Without them the sampling error
        of the gap is unknown, and only a wide gap counts.

    Returns
    -------
    Verdict

    Raises
    ------
    sklearn.exceptions.NotFittedError
        If the estimator is not fitted.
    TypeError
        If it keeps no history, as a pipeline does not.
    ValueError
        If there is nothing to judge: no iteration, no loss, or not the one kept, was recorded.

    Notes
    -----
    The labels, in the order in which they are decided:

    diverged
        The loss is not finite, lost most of its gain again, or is restless far above
        that of a constant guess.
    noise-limited
        The steps are noisier than what they gain, or (decided last) the validation rows
        too few to tell whether a wide gap is chance.
    overfit
        The validation loss rose after its lowest point, or has settled well above the
        training loss.
    still improving
        The loss (on validation data, if there is any) was falling at the end, and by
        enough to go on.
    underfit
        Training took less than a twentieth of a constant guess's loss away (nor does the
        score say otherwise), or the penalty withholds much of what there is to learn.
    converged
        None of these.

    Without validation losses overfitting cannot be judged, and the verdict says so.

    Examples
    --------
    >>> from schuss.history import History
    >>> history = History(
    ...     [{"objective": 0.3 + 0.4 * 0.5**i} for i in range(20)],
    ...     baseline={"training_loss": 0.69},
    ... )
    >>> diagnose(history).label.value
    'converged'
    """
    history, estimator = _history_of(run)
    if stop_reason is None:
        stop_reason = getattr(estimator, "stop_reason_", None)
    if not len(history):
        return _nothing_recorded(stop_reason, Knobs(estimator))
    kept = _kept(estimator) if kept_iteration is None else kept_iteration
    if kept is not None and not 0 <= kept < len(history):
        raise ValueError(f"there is no iteration {kept} in a history of {len(history)}")
    samples = history.baseline.get
    case = Case(
        history,
        stop_reason,
        kept,
        samples("training_samples") if training_samples is None else training_samples,
        samples("validation_samples") if validation_samples is None else validation_samples,
        estimator is not None and is_classifier(estimator),
    )
    finding = judge(case, Knobs(estimator))
    caveat = "; without validation data, overfitting cannot be judged"
    blind = case.validation is None and finding.label is not Label.DIVERGED
    summary = finding.summary + (caveat if blind else "") + "."
    return Verdict(finding.label, summary, evidence(case), finding.advice)


def check_has_history(estimator: Any) -> None:
    """Raise if there is no run to look into: the estimator is not fitted, or one around those that keep a history."""
    if hasattr(estimator, "history_"):
        return
    check_is_fitted(estimator)
    raise TypeError(
        f"{type(estimator).__name__} keeps no history_: pass the estimator inside, such as pipeline[-1] or "
        "search.best_estimator_"
    )


def _history_of(run: Any) -> tuple[History, Any]:
    if isinstance(run, History):
        return run, None
    check_has_history(run)
    if hasattr(run, "tree_") and getattr(run, "ccp_alpha", 0.0) > 0.0:
        return run.history_[-1:], run  # the pruned tree; all others were on the way to one that is no more
    return run.history_, run


def _kept(estimator: Any) -> int | None:
    """The iteration whose parameters an estimator restored or chose, if it did."""
    stops_early = getattr(estimator, "early_stopping", False) and (getattr(estimator, "tol", None) is not None)
    restores = stops_early or getattr(estimator, "_keeps_best_iteration", False)
    kept: int | None = getattr(estimator, "best_iteration_", None) if restores else None
    return kept


def _nothing_recorded(stop_reason: str | None, knobs: Knobs) -> Verdict:
    if stop_reason != "diverged":
        raise ValueError("no iteration was recorded, so there is nothing to judge")
    summary = "the loss stopped being a finite number in the first iteration."
    return Verdict(Label.DIVERGED, summary, (), knobs.smaller_steps())
