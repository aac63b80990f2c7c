# SPDX-License-Identifier: BSD-3-Clause
"""The methods of a generalised linear model that tell how sure its parameters are."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from schuss._inputs import check_X_y, n_threads_of
from schuss._sklearn import check_sample_weight
from schuss.linear_model._base import raw_prediction
from schuss.linear_model._glm.data import Data, check_offset
from schuss.linear_model._glm.families import Family
from schuss.linear_model._glm.inference import CoefTable, Covariance, coef_table, covariance

Array = NDArray[Any]


class StandardErrors:
    """Covariances from what `fit` kept, or from the training data given again."""

    alpha: float
    l1_ratio: float
    fit_intercept: bool
    robust: bool
    expected_information: bool
    coef_: Array
    intercept_: float
    covariance_: Array
    dispersion_: float
    _degrees_of_freedom: float

    @abstractmethod
    def _family(self) -> Family: ...

    @abstractmethod
    def _l2(self, d: int) -> Any: ...

    @abstractmethod
    def _with_exposure(self, offset: Any, exposure: Any) -> Any: ...

    def covariance_matrix(
        self,
        X: Any = None,
        y: Any = None,
        sample_weight: Any = None,
        offset: Any = None,
        *,
        exposure: Any = None,
        dispersion: float | None = None,
        robust: bool | None = None,
        expected_information: bool | None = None,
    ) -> Array:
        """Return the covariance matrix of the coefficients and, last, the intercept.

        Parameters
        ----------
        X, y, sample_weight, offset, exposure
            What the model was fitted on; not needed after ``fit`` with ``inference=True``.
        dispersion : float or None, default=None
            None: 1 for the Poisson, binomial and negative binomial families, else
            Pearson's estimate.
        robust, expected_information : bool or None, default=None
            None for the constructor's.

        Returns
        -------
        ndarray of shape (n_parameters, n_parameters)

        Raises
        ------
        ValueError
            With an L1 penalty, or if columns are collinear without a penalty.

        Notes
        -----
        With an L2 penalty this is the covariance of the penalised estimate about its own mean,
        for a penalty chosen in advance: ``dispersion * inv(J + P) @ J @ inv(J + P)`` with the
        information J and the penalty's matrix P [1]_. The penalty's bias towards zero is no part
        of it. So errors are smaller than without the penalty, tests against zero are cautious,
        and intervals are about what the estimate is on average, not about the truth. The
        dispersion is that of as many free parameters as the trace of ``inv(J + P) @ J`` says.

        References
        ----------
        .. [1] le Cessie and van Houwelingen (1992), "Ridge estimators in logistic regression",
           Applied Statistics 41.
        """
        return self._inference(X, y, sample_weight, offset, exposure, dispersion, robust, expected_information).matrix

    def std_errors(
        self,
        X: Any = None,
        y: Any = None,
        sample_weight: Any = None,
        offset: Any = None,
        *,
        exposure: Any = None,
        dispersion: float | None = None,
        robust: bool | None = None,
        expected_information: bool | None = None,
    ) -> Array:
        """Return the standard errors of the coefficients and, last, the intercept.

        Parameters and errors are those of `covariance_matrix`.

        Returns
        -------
        ndarray of shape (n_parameters,)
        """
        found = self._inference(X, y, sample_weight, offset, exposure, dispersion, robust, expected_information)
        return np.sqrt(np.diag(found.matrix))

    def coef_table(
        self,
        X: Any = None,
        y: Any = None,
        sample_weight: Any = None,
        offset: Any = None,
        *,
        exposure: Any = None,
        dispersion: float | None = None,
        robust: bool | None = None,
        expected_information: bool | None = None,
        confidence_level: float = 0.95,
    ) -> CoefTable:
        """Return the parameters with standard errors, tests against zero and confidence intervals.

        Parameters and errors are those of `covariance_matrix`.

        Parameters
        ----------
        confidence_level : float, default=0.95

        Returns
        -------
        CoefTable
            Printed, a table; ``to_frame()`` makes a DataFrame of it.
        """
        found = self._inference(X, y, sample_weight, offset, exposure, dispersion, robust, expected_information)
        names = tuple(map(str, getattr(self, "feature_names_in_", [f"x{j}" for j in range(len(self.coef_))])))
        coef = self.coef_.astype(np.float64)
        if self.fit_intercept:
            names, coef = (*names, "intercept"), np.append(coef, self.intercept_)
        return coef_table(names, coef, found, confidence_level)

    def _inference(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        offset: Any,
        exposure: Any,
        dispersion: float | None,
        robust: bool | None,
        expected_information: bool | None,
    ) -> Covariance:
        """What `fit` found, or computed from the data that are given."""
        check_is_fitted(self, "coef_")
        if X is None:
            asked = (dispersion, robust, expected_information)
            if not hasattr(self, "covariance_") or asked != (None, None, None):
                raise ValueError("Pass the training data, or fit with inference=True and take its covariance as it is.")
            return Covariance(self.covariance_, self.dispersion_, self._degrees_of_freedom)
        self._refuse_l1()
        X, y = check_X_y(self, X, y, reset=False, y_numeric=True)
        weight = check_sample_weight(sample_weight, X, dtype=X.dtype)
        offset = check_offset(self._with_exposure(offset, exposure), X)
        data = Data(X, np.ascontiguousarray(y, dtype=X.dtype), weight, offset)
        return self._covariance(data, dispersion, robust, expected_information)

    def _covariance(
        self,
        data: Data,
        dispersion: float | None = None,
        robust: bool | None = None,
        expected_information: bool | None = None,
    ) -> Covariance:
        raw = raw_prediction(self, data.X).ravel()
        return covariance(
            self._family(),
            data,
            raw if data.offset is None else raw + data.offset,
            fit_intercept=bool(self.fit_intercept),
            robust=self.robust if robust is None else robust,
            expected_information=self.expected_information if expected_information is None else expected_information,
            dispersion=dispersion,
            l2=self._l2(data.X.shape[1]),
            n_threads=n_threads_of(self),
        )

    def _refuse_l1(self) -> None:
        if self.alpha and self.l1_ratio:
            raise ValueError(
                "There are no standard errors with an L1 penalty, under which coefficients of zero have no normal "
                f"distribution; l1_ratio={self.l1_ratio}, not 0."
            )
