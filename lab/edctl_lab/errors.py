"""What went wrong, where, why, and what to do about it."""


class LabError(Exception):
    """A fault that the user can understand and mend."""

    def __init__(self, what: str, why: str = "", advice: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.advice = advice

    def __str__(self) -> str:
        lines = [f"lab: {self.what}"]
        if self.why:
            lines.append(f"  because: {self.why}")
        if self.advice:
            lines.append(f"  to do:   {self.advice}")
        return "\n".join(lines)
