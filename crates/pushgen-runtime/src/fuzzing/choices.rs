//! Bytes as a row of choices.
//!
//! In: bytes. Out: numbers, flags, elements of tables. When the bytes are used up, every choice is the first, so that
//! each input means something.

/// The choices not yet made.
pub(crate) struct Choices<'a>(&'a [u8]);

impl<'a> Choices<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The text before the first NUL and the choices behind it.
    pub(crate) fn with_text(bytes: &'a [u8]) -> (&'a [u8], Self) {
        let end = bytes.iter().position(|&byte| byte == 0);
        let (text, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
        (text, Self(rest.get(1..).unwrap_or_default()))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let Some((&byte, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        byte
    }

    /// Up to so many bytes.
    pub(crate) fn bytes(&mut self, most: usize) -> &'a [u8] {
        let (bytes, rest) = self.0.split_at(most.min(self.0.len()));
        self.0 = rest;
        bytes
    }

    pub(crate) fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// A number of two bytes.
    pub(crate) fn number(&mut self) -> u16 {
        u16::from_be_bytes([self.byte(), self.byte()])
    }

    /// A number below `end`, which is 1 to 256.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::from(self.byte()) % end
    }

    /// One of a table, which is not empty.
    pub(crate) fn of<T: Copy>(&mut self, table: &[T]) -> T {
        table[self.below(table.len())]
    }
}
