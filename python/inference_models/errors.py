"""The errors of this package: one family, with the names that Roboflow's `inference-models` gives them.

What goes wrong inside the C++ library has a kind (`error.kind`); a table at the end of this file says which class
stands for it. Wrong keywords are Python's own TypeError, and lack of memory is MemoryError.
"""

from __future__ import annotations


class BaseInferenceModelsError(Exception):
    """The base of all errors of this package.

    Attributes:
        message: what was wrong and where
        hint: what to do next; may be empty
        kind: what went wrong, for programs that decide by it: `invalid_argument`, `model_not_found`, ...
        subject: the path, option or field that it is about
    """

    def __init__(self, message: str, hint: str = "", kind: str = "", subject: str = "") -> None:
        super().__init__(message, hint, kind, subject)  # as `args`, from which errors are unpickled
        self.message = message
        self.hint = hint
        self.kind = kind
        self.subject = subject

    @property
    def help_url(self) -> str | None:
        """A page that explains the error. Always None: there is no such page yet."""
        return None

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class ModelPackageNegotiationError(BaseInferenceModelsError):
    """No package of the model can run here as asked."""


class UnknownBackendTypeError(ModelPackageNegotiationError):
    """`backend` is none that is known."""


class UnknownQuantizationError(ModelPackageNegotiationError):
    """`quantization` is none that is known."""


class InvalidRequestedBatchSizeError(ModelPackageNegotiationError):
    """`batch_size` is no number of images."""


class NoModelPackagesAvailableError(ModelPackageNegotiationError):
    """No package can run on this machine as asked. The hint says what would mend that."""


class InvalidEnvVariable(BaseInferenceModelsError):  # noqa: N818 - the name that it has elsewhere
    """An environment variable holds what it must not."""


class ModelLoadingError(BaseInferenceModelsError):
    """The model is there, but cannot be loaded."""


class CorruptedModelPackageError(ModelLoadingError):
    """A file of the model is missing, truncated, of another format, or holds wrong values."""


class ModelImplementationNotFoundError(ModelLoadingError):
    """The model is whole, but this version does not know its kind."""


class ModelRetrievalError(BaseInferenceModelsError):
    """The model cannot be had."""


class ModelNotFoundError(ModelRetrievalError):
    """No model has this id, and nothing lies at this path."""


class UnauthorizedModelAccessError(ModelRetrievalError):
    """The provider wants an API key, or another one."""


class PaymentRequiredModelAccessError(ModelRetrievalError):
    """The provider wants to be paid for this model."""


class ForbiddenModelAccessError(ModelRetrievalError):
    """The provider does not give this model to the owner of the API key."""


class UsagePausedModelAccessError(ModelRetrievalError):
    """The provider has paused the account of the API key."""


class RetryError(ModelRetrievalError):
    """The provider, or a file's server, cannot be reached now."""


class FileHashSumMissmatch(ModelRetrievalError):  # noqa: N818 - the name that it has elsewhere
    """A downloaded file is not what its provider described."""


class UntrustedFileError(ModelRetrievalError):
    """A package or file has to be allowed by name."""


class DownloadCancelledError(ModelRetrievalError):
    """The program told the download to stop."""


class InsecureModelIdentifierError(ModelLoadingError):
    """What was given as a model's id could lead somewhere else."""


class EnvironmentConfigurationError(BaseInferenceModelsError):
    """A file could not be read or written for reasons outside of it."""


class ModelInputError(BaseInferenceModelsError):
    """An image cannot be used or read."""


class InvalidParameterError(BaseInferenceModelsError):
    """An option is out of its range, of the wrong type, unknown, or contradicts another one."""


class ModelRuntimeError(BaseInferenceModelsError):
    """A runtime failed, or a network gave something else than its kind of model promises."""


# The class for each kind; for some, another one where it is about a certain option.
_CLASSES = {
    ("invalid_argument", None): InvalidParameterError,
    ("invalid_argument", "backend"): UnknownBackendTypeError,
    ("invalid_argument", "quantization"): UnknownQuantizationError,
    ("invalid_argument", "batch_size"): InvalidRequestedBatchSizeError,
    ("invalid_argument", "model_id"): InsecureModelIdentifierError,
    ("invalid_environment_variable", None): InvalidEnvVariable,
    ("unauthorized", None): UnauthorizedModelAccessError,
    ("payment_required", None): PaymentRequiredModelAccessError,
    ("forbidden", None): ForbiddenModelAccessError,
    ("usage_paused", None): UsagePausedModelAccessError,
    ("unreachable", None): RetryError,
    ("retrieval_failure", None): ModelRetrievalError,
    ("hash_mismatch", None): FileHashSumMissmatch,
    ("untrusted", None): UntrustedFileError,
    ("cancelled", None): DownloadCancelledError,
    ("cache_busy", None): EnvironmentConfigurationError,
    ("model_not_found", None): ModelNotFoundError,
    ("corrupted_package", None): CorruptedModelPackageError,
    ("unsupported_model", None): ModelImplementationNotFoundError,
    ("no_usable_backend", None): NoModelPackagesAvailableError,
    ("engine_failure", None): ModelRuntimeError,
    ("invalid_output", None): ModelRuntimeError,
    ("invalid_image", None): ModelInputError,
    ("unreadable_image", None): ModelInputError,
    ("io_failure", None): EnvironmentConfigurationError,
}


def _error(kind: str, subject: str, message: str, hint: str) -> BaseInferenceModelsError:
    """The Python error for one of the C++ library."""
    error_class = _CLASSES.get((kind, subject)) or _CLASSES[kind, None]
    return error_class(message, hint, kind, subject)
