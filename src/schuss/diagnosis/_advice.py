# SPDX-License-Identifier: BSD-3-Clause
"""The knob to turn: what to do about a verdict, in the words of the estimator's parameters."""

from __future__ import annotations

from typing import Any

_RATES = ("eta0", "learning_rate_init", "learning_rate")  # a network's last of these is a schedule


class Knobs:
    """Names the parameters an estimator has, or speaks in general without one.

    Parameters
    ----------
    estimator : estimator or None
    """

    def __init__(self, estimator: Any = None) -> None:
        params = getattr(estimator, "get_params", dict)
        self._params: dict[str, Any] = params(deep=False) if estimator is not None else {}

    def validate(self) -> str:
        if self._has("early_stopping"):
            return "pass X_val and y_val to fit, or set early_stopping=True"
        return "pass X_val and y_val to fit"

    def longer(self, stop_reason: str | None) -> str:
        if stop_reason == "max_time" and self._has("max_time"):
            return f"Raise max_time ({self._params['max_time']} s)."
        if self._is_single_tree and stop_reason == "converged":
            return f"Grow a larger tree ({self._sizes()})."
        if self._has("alphas") and self._has("eps"):
            return f"Lower eps{self._now('eps')}, or add smaller alphas: the error still falls where the path ends."
        if stop_reason in ("converged", "no_improvement"):
            patience = " or raise n_iter_no_change" if self._has("n_iter_no_change") else ""
            return f"Lower tol{self._now('tol')}{patience}: it stopped the run early."
        if stop_reason in ("callback", "interrupted"):
            return "Let it run longer."
        return f"Raise max_iter{self._now('max_iter')}."

    def smaller_steps(self) -> str:
        if self._has("max_leaf_nodes"):
            return f"Lower learning_rate{self._now('learning_rate')}."
        return f"Scale the features (StandardScaler) and {self._slower()}."

    def rescale(self, target: bool) -> str | None:
        """What helps a model that steps through the data and did worse than a constant; None for the others."""
        if not (self._has("eta0") or self._is_network):
            return None
        what = "the features and the target" if target else "the features"
        return f"Scale {what} (StandardScaler): so far a constant guess is better."

    def calmer_steps(self) -> str:
        ways = [self._slower()]
        if self._params.get("learning_rate") == "constant":
            decaying = "'cosine' or 'plateau'" if self._is_network else "'invscaling' or 'adaptive'"
            ways.append(f"let it decay (learning_rate={decaying})")
        if self._has("average") and not self._params["average"]:
            ways.append("set average=True")
        return _sentence(ways)

    def _slower(self) -> str:
        optimizer = self._params.get("optimizer", "sgd")
        if self._params.get("learning_rate") == "optimal" and optimizer == "sgd":
            return f"raise alpha{self._now('alpha')}, from which learning_rate='optimal' takes its steps"
        rate = next((name for name in _RATES if self._has(name)), None)
        return f"lower {rate}{self._now(rate)}" if rate else "take smaller or decaying steps"

    def stop_at_best(self, iteration: int) -> str:
        if self._is_single_tree:
            how = f"Set max_depth={iteration}"
            if self._params["max_leaf_nodes"] is not None:  # an iteration is a split, or some of them
                how = f"Lower max_leaf_nodes{self._now('max_leaf_nodes')}"
            return f"{how}, or raise ccp_alpha{self._now('ccp_alpha')}."
        if self._has("early_stopping") and not self._params["early_stopping"]:
            return f"Set early_stopping=True to keep iteration {iteration}, or {self._stronger()}."
        return f"Stop at iteration {iteration}, or {self._stronger()}."

    def regularise(self) -> str:
        return f"Get more training rows, drop features, or {self._stronger()}."

    def free(self) -> str:
        if self._has("C"):
            return f"Raise C{self._now('C')}: the penalty holds the model back."
        if self._has("alpha"):
            return f"Lower alpha{self._now('alpha')}: the penalty holds the model back."
        return "Weaken the penalty: it holds the model back."

    def enrich(self) -> str:
        if self._is_network:
            now = self._params["hidden_layer_sizes"]
            return f"Give the network more units or layers (now hidden_layer_sizes={now}), or add features."
        if self._has("max_leaf_nodes"):
            return "Add features that say more about the target, or grow larger trees."
        return "Add features that say more about the target, or take a more flexible model."

    def more_validation(self) -> str:
        return "Hold out more validation rows, or judge by cross-validation."

    def _stronger(self) -> str:
        if self._has("C"):
            return f"lower C{self._now('C')}"
        if self._is_single_tree:
            return f"grow a smaller tree ({self._sizes()})"
        if self._has("max_leaf_nodes"):
            verb = "set" if self._params["max_leaf_nodes"] is None else "lower"
            return f"grow smaller trees: {verb} max_leaf_nodes{self._now('max_leaf_nodes')}"
        if self._is_network:
            return f"raise alpha{self._now('alpha')} or dropout{self._now('dropout')}"
        if self._has("alpha"):
            return f"raise alpha{self._now('alpha')}"
        return "regularise more strongly"

    @property
    def _is_network(self) -> bool:
        return self._has("hidden_layer_sizes")

    @property
    def _is_single_tree(self) -> bool:
        return self._has("ccp_alpha") and not self._has("n_estimators")

    def _sizes(self) -> str:
        """What bounds a tree."""
        names = ("max_depth", "max_leaf_nodes", "ccp_alpha")
        return "now " + ", ".join(f"{name}={self._params[name]}" for name in names)

    def _has(self, name: str) -> bool:
        return name in self._params

    def _now(self, name: str) -> str:
        value = self._params.get(name)
        return f" (now {value})" if isinstance(value, (int, float, str)) else ""


def _sentence(ways: list[str]) -> str:
    *some, last = ways
    text = f"{', '.join(some)} or {last}" if some else last
    return text[0].upper() + text[1:] + "."
