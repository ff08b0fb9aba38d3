//! One way to show an error: with its causes, on one line.

#![forbid(unsafe_code)]

use std::error::Error;
use std::fmt;

/// An error of any kind, as a daemon's start hands it up.
pub type Fault = Box<dyn Error + Send + Sync>;

/// Shows an error and its causes: `cannot start sinfo: No such file or directory (os error 2)`.
pub struct Chain<'a>(pub &'a dyn Error);

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}

impl fmt::Debug for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Outer(std::io::Error);

    impl fmt::Display for Outer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("cannot start")
        }
    }

    impl Error for Outer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }

    #[test]
    fn causes_follow_on_the_same_line() {
        let error = Outer(std::io::Error::other("nobody is there"));
        assert_eq!(Chain(&error).to_string(), "cannot start: nobody is there");
    }
}
