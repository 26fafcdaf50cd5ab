//! verdict: result
//! result: [true,true,true]
fn main() {
    let mut held: Vec<u8> = Vec::new();
    let told = [held.try_reserve_exact(1 << 40).is_err(), held.try_reserve_exact(isize::MAX as usize).is_err(),
        std::panic::catch_unwind(|| Vec::<u64>::with_capacity(usize::MAX)).is_err()];
    println!("{told:?}");
}
