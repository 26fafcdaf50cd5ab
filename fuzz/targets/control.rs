//! Datagrams between the host and a zygote, either way.

#![no_main]

use libfuzzer_sys::fuzz_target;
use terraphim_sandbox_protocol::control::{FromZygote, MAX_DATAGRAM, Setup, ToZygote};

fuzz_target!(|data: &[u8]| {
    if let Ok(message) = ToZygote::decode(data) {
        let again = message.encode();
        assert!(again.len() <= MAX_DATAGRAM);
        assert_eq!(ToZygote::decode(&again), Ok(message));
        assert_eq!(again.get(4..), data.get(4..));
    }
    if let Ok(message) = Setup::decode(data) {
        match message.encode() {
            Some(again) => assert_eq!(again.get(4..), data.get(4..)),
            None => assert!(data.len() > MAX_DATAGRAM),
        }
    }
    if let Ok(message) = FromZygote::decode(data) {
        let again = message.encode();
        assert!(again.len() <= MAX_DATAGRAM, "{} bytes", again.len());
        let read = FromZygote::decode(&again).expect("what is written can be read");
        if data.len() <= MAX_DATAGRAM - 64 {
            assert_eq!(read, message);
            assert_eq!(again.get(4..), data.get(4..));
        } else {
            assert_eq!(FromZygote::decode(&read.encode()), Ok(read), "what was cut stays as it is");
        }
    }
});
