//! Rejected promises that nobody has handled. A program may still handle one
//! later, so they are told at its end.

use std::{cell::RefCell, rc::Rc};

use rquickjs::{Ctx, Persistent, Runtime, Value};

/// Rejections that are told one by one.
const KEPT: usize = 10;

/// A value of the interpreter that outlives the callback which brought it.
type Kept = Persistent<Value<'static>>;

/// The rejections of a run that nobody has handled so far.
#[derive(Default)]
pub(crate) struct Rejections {
    /// Promises with their reasons.
    kept: Vec<(Kept, Kept)>,
    /// How many there are besides.
    more: u64,
}

impl Rejections {
    /// Takes them out: the reasons of the first, and how many there are besides.
    pub(crate) fn take(&mut self) -> (Vec<Kept>, u64) {
        let kept = std::mem::take(&mut self.kept);
        (kept.into_iter().map(|(_, reason)| reason).collect(), std::mem::take(&mut self.more))
    }

    fn rejected<'js>(&mut self, ctx: &Ctx<'js>, promise: Value<'js>, reason: Value<'js>) {
        if self.kept.len() < KEPT {
            self.kept.push((Persistent::save(ctx, promise), Persistent::save(ctx, reason)));
        } else {
            self.more = self.more.saturating_add(1);
        }
    }

    fn handled<'js>(&mut self, ctx: &Ctx<'js>, promise: &Value<'js>) {
        let is_it = |(kept, _): &(Kept, Kept)| kept.clone().restore(ctx).is_ok_and(|kept| kept == *promise);
        match self.kept.iter().rposition(is_it) {
            Some(index) => drop(self.kept.remove(index)),
            None => self.more = self.more.saturating_sub(1),
        }
    }
}

/// Watches the promises of an interpreter; nothing is asked while none is rejected.
pub(super) fn track(runtime: &Runtime) -> Rc<RefCell<Rejections>> {
    let rejections = Rc::new(RefCell::new(Rejections::default()));
    let told = Rc::clone(&rejections);
    runtime.set_host_promise_rejection_tracker(Some(Box::new(move |ctx, promise, reason, is_handled| {
        let Ok(mut rejections) = told.try_borrow_mut() else { return };
        if is_handled {
            rejections.handled(&ctx, &promise);
        } else {
            rejections.rejected(&ctx, promise, reason);
        }
    })));
    rejections
}
