//! Pages in gzip.

use std::sync::{LazyLock, Mutex, PoisonError};

use flate2::{Compress, CompressError, Compression, FlushCompress, Status};

/// The largest window that gzip has: 32 KiB.
const WINDOW_BITS: u8 = 15;
/// How many times smaller a page becomes, about.
const RATIO: usize = 5;

/// Packs one page after the other. Its tables are a quarter of a megabyte: to map and clear them for each page
/// would take as long as the packing.
pub(crate) struct Packer(LazyLock<Mutex<Compress>>);

impl Default for Packer {
    fn default() -> Self {
        // Level 6 would cost ten times the rendering for a sixth less on the wire.
        Self(LazyLock::new(|| Mutex::new(Compress::new_gzip(Compression::fast(), WINDOW_BITS))))
    }
}

impl Packer {
    pub(crate) fn pack(&self, body: &[u8]) -> Result<Vec<u8>, CompressError> {
        let mut compress = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        compress.reset();
        let mut packed = Vec::with_capacity(body.len() / RATIO);
        loop {
            let taken = usize::try_from(compress.total_in()).unwrap_or(body.len());
            let rest = body.get(taken..).unwrap_or_default();
            if compress.compress_vec(rest, &mut packed, FlushCompress::Finish)? == Status::StreamEnd
            {
                return Ok(packed);
            }
            packed.reserve(packed.len().max(64));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn each_page_is_a_gzip_file_of_its_own() {
        let packer = Packer::default();
        let numbers: String = (0..100_000).map(|n| format!("{} ", n * 7919 % 65_536)).collect();
        for page in ["up 1\n".repeat(50_000), String::new(), numbers] {
            let packed = packer.pack(page.as_bytes()).unwrap();
            let mut read = String::new();
            GzDecoder::new(packed.as_slice()).read_to_string(&mut read).unwrap();
            assert!(read == page, "{} bytes", page.len());
        }
    }
}
