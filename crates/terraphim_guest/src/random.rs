//! Randomness of one run, since the interpreter's own would be the same in
//! every process that was forked from one zygote.

/// xoshiro256++ by Blackman and Vigna, for `Math.random`; not for secrets.
pub(crate) struct Random {
    state: [u64; 4],
}

impl Random {
    pub(crate) fn from_seed(seed: [u8; 32]) -> Self {
        let mut state = [1; 4];
        for (word, bytes) in state.iter_mut().zip(seed.chunks_exact(8)) {
            *word = bytes.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
        }
        Self { state }
    }

    /// A number in 0..1 with 53 random bits.
    pub(crate) fn next_unit(&mut self) -> f64 {
        let [a, b, c, d] = &mut self.state;
        let result = a.wrapping_add(*d).rotate_left(23).wrapping_add(*a);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
        let unit = (result >> 11) as f64 / (1_u64 << 53) as f64;
        unit
    }
}
