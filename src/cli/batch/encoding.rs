//! The characters of a file: UTF-8, UTF-16, or Windows-1252, which spreadsheets here call ANSI.

use encoding_rs::{CoderResult, Decoder, DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

const CHUNK: usize = 64 << 10;

/// What a file is written in: what its first bytes say, else UTF-8 if all of it is that, else Windows-1252.
pub(super) fn of(path: &Path) -> io::Result<&'static Encoding> {
    let mut file = File::open(path)?;
    let (mut chunk, mut text) = (vec![0; CHUNK], vec![0; 2 * CHUNK]);
    let mut decoder = UTF_8.new_decoder_without_bom_handling();
    let mut is_first = true;
    loop {
        let length = file.read(&mut chunk)?;
        let bytes = &chunk[..length];
        if is_first {
            match bytes {
                [0xff, 0xfe, ..] => return Ok(UTF_16LE),
                [0xfe, 0xff, ..] => return Ok(UTF_16BE),
                _ => is_first = false,
            }
        }
        // There is room for twice as much as comes.
        match decoder.decode_to_utf8_without_replacement(bytes, &mut text, length == 0).0 {
            DecoderResult::Malformed(..) => return Ok(WINDOWS_1252),
            DecoderResult::InputEmpty | DecoderResult::OutputFull if length == 0 => return Ok(UTF_8),
            DecoderResult::InputEmpty | DecoderResult::OutputFull => {}
        }
    }
}

/// A file as UTF-8 without byte order mark, piece by piece.
pub(super) struct Text {
    file: File,
    decoder: Decoder,
    chunk: Vec<u8>,
    decoded: Vec<u8>,
    is_over: bool,
}

impl Text {
    pub(super) fn open(path: &Path, encoding: &'static Encoding) -> io::Result<Self> {
        let decoder = encoding.new_decoder_with_bom_removal();
        let room = decoder.max_utf8_buffer_length(CHUNK).unwrap_or(4 * CHUNK);
        Ok(Self {
            file: File::open(path)?,
            decoder,
            chunk: vec![0; CHUNK],
            decoded: vec![0; room],
            is_over: false,
        })
    }

    /// The next piece; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<&[u8]>> {
        while !self.is_over {
            let length = self.file.read(&mut self.chunk)?;
            self.is_over = length == 0;
            let bytes = &self.chunk[..length];
            let (result, _, written, _) = self.decoder.decode_to_utf8(bytes, &mut self.decoded, self.is_over);
            // The room is for the longest that a chunk can become.
            debug_assert_eq!(result, CoderResult::InputEmpty);
            if written > 0 {
                return Ok(Some(&self.decoded[..written]));
            }
        }
        Ok(None)
    }
}
