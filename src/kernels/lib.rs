//! The inner loops of encoders of texts, in the instructions that the processor has, with the same bits on each: a safe face of what needs
//! `unsafe`.
