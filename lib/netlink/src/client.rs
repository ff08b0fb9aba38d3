//! Asking again and again.

use crate::request::Request;
use crate::socket::{DumpError, Protocol, Socket};

/// A socket that is opened when it is needed, kept while it works, and left when it does not.
#[derive(Debug)]
pub struct Client {
    protocol: Protocol,
    socket: Option<Socket>,
}

impl Client {
    /// One that will ask this part of the kernel.
    #[must_use]
    pub fn new(protocol: Protocol) -> Self {
        Self { protocol, socket: None }
    }

    /// As [`Socket::dump`].
    ///
    /// # Errors
    /// Where the kernel cannot be asked or does not tell; the next time may be better.
    pub fn dump<T: Default>(
        &mut self,
        request: &Request,
        add: impl FnMut(&mut T, u16, &[u8]),
    ) -> Result<T, DumpError> {
        let mut socket = match self.socket.take() {
            Some(socket) => socket,
            None => Socket::open(self.protocol).map_err(DumpError::Socket)?,
        };
        let sum = socket.dump(request, add)?;
        self.socket = Some(socket);
        Ok(sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DUMP;

    #[test]
    fn a_refusal_does_not_spoil_the_next_question() {
        let mut client = Client::new(Protocol::Route);
        let count = |count: &mut usize, _: u16, _: &[u8]| *count += 1;
        // No such type.
        assert!(client.dump(&Request::new(0x7fff, DUMP).header(&[0; 16]), count).is_err());
        assert!(client.socket.is_none());
        assert!(client.dump(&Request::new(18, DUMP).header(&[0; 16]), count).unwrap() > 0);
        assert!(client.socket.is_some());
    }
}
