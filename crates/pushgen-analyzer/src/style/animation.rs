//! Animations: which of their frames hold as a page loads.
//!
//! In: the values of the `animation` properties. Out: the place of the frame that holds from the start, from 0 to 1, and
//! whether others come later. Follows CSS Animations 1 §3-4. Chromium fetches the images and fonts of a frame when its
//! value holds, and those of the next frame when it begins to blend them in; when that is depends on the clock, so that
//! only what holds at the time 0 is certain. How often an animation runs is not asked.

use std::sync::Arc;

use cssparser::{Parser, Token};

use super::component::keyword;
use super::property::Longhand;
use super::value::Value;
use crate::css::Failure;

/// The animations of an element: lists that are repeated to the length of the names (CSS Animations 1 §3.1).
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Animations {
    pub(crate) names: Arc<[Option<Arc<str>>]>,
    /// Seconds.
    durations: Arc<[f32]>,
    delays: Arc<[f32]>,
    fills: Arc<[Fill]>,
    reversals: Arc<[bool]>,
    jumps: Arc<[bool]>,
    timelines: Arc<[bool]>,
}

/// `animation-fill-mode`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Fill {
    backwards: bool,
    forwards: bool,
}

/// One of the lists.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum AnimationValue {
    Names(Arc<[Option<Arc<str>>]>),
    Durations(Arc<[f32]>),
    Delays(Arc<[f32]>),
    Fills(Arc<[Fill]>),
    /// Whether the first run goes from the last frame to the first.
    Reversals(Arc<[bool]>),
    /// Whether the timing function leaves the first value at once.
    Jumps(Arc<[bool]>),
    /// Whether it follows anything but the time.
    Timelines(Arc<[bool]>),
}

/// What becomes of an animation.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Course {
    /// The place of the frame that holds from the start.
    pub(crate) start: Option<f32>,
    /// Whether other frames hold at other times.
    pub(crate) goes_on: bool,
}

impl Animations {
    pub(crate) fn set(&mut self, value: &AnimationValue) {
        match value {
            AnimationValue::Names(names) => self.names = Arc::clone(names),
            AnimationValue::Durations(durations) => self.durations = Arc::clone(durations),
            AnimationValue::Delays(delays) => self.delays = Arc::clone(delays),
            AnimationValue::Fills(fills) => self.fills = Arc::clone(fills),
            AnimationValue::Reversals(reversals) => self.reversals = Arc::clone(reversals),
            AnimationValue::Jumps(jumps) => self.jumps = Arc::clone(jumps),
            AnimationValue::Timelines(timelines) => self.timelines = Arc::clone(timelines),
        }
    }

    /// The value of a list, to be set elsewhere.
    pub(crate) fn value(&self, longhand: Longhand) -> Option<AnimationValue> {
        Some(match longhand {
            Longhand::AnimationName => AnimationValue::Names(Arc::clone(&self.names)),
            Longhand::AnimationDuration => AnimationValue::Durations(Arc::clone(&self.durations)),
            Longhand::AnimationDelay => AnimationValue::Delays(Arc::clone(&self.delays)),
            Longhand::AnimationFillMode => AnimationValue::Fills(Arc::clone(&self.fills)),
            Longhand::AnimationDirection => AnimationValue::Reversals(Arc::clone(&self.reversals)),
            Longhand::AnimationTimingFunction => AnimationValue::Jumps(Arc::clone(&self.jumps)),
            Longhand::AnimationTimeline => AnimationValue::Timelines(Arc::clone(&self.timelines)),
            _ => return None,
        })
    }

    /// Each animation's name, with what becomes of it.
    pub(crate) fn courses(&self) -> impl Iterator<Item = (&Arc<str>, Course)> {
        let names = self.names.iter().enumerate();
        names.filter_map(|(at, name)| Some((name.as_ref()?, self.course(at))))
    }

    fn course(&self, at: usize) -> Course {
        let uncertain = Course {
            start: None,
            goes_on: true,
        };
        if repeated(&self.timelines, at) {
            return uncertain;
        }
        let duration = repeated(&self.durations, at);
        let delay = repeated(&self.delays, at);
        let fill: Fill = repeated(&self.fills, at);
        let is_reversed = repeated(&self.reversals, at);
        let (first, last) = if is_reversed { (1.0, 0.0) } else { (0.0, 1.0) };
        let runs = duration > 0.0;
        if delay > 0.0 {
            return Course {
                start: fill.backwards.then_some(first),
                goes_on: runs || fill.forwards,
            };
        }
        if !runs {
            return Course {
                start: fill.forwards.then_some(last),
                goes_on: false,
            };
        }
        let jumps = !is_reversed && repeated(&self.jumps, at);
        if delay < 0.0 || jumps {
            return uncertain;
        }
        Course {
            start: Some(first),
            goes_on: true,
        }
    }
}

fn repeated<T: Copy + Default>(list: &[T], at: usize) -> T {
    match list.len() {
        0 => T::default(),
        length => list.get(at % length).copied().unwrap_or_default(),
    }
}

/// Reads the value of a longhand.
pub(super) fn value(longhand: Longhand, input: &mut Parser<'_>) -> Result<AnimationValue, Failure> {
    fn list<T>(
        input: &mut Parser<'_>,
        read: fn(&mut Parser<'_>) -> Result<T, Failure>,
    ) -> Result<Arc<[T]>, Failure> {
        Ok(input.parse_comma_separated(read)?.into())
    }
    Ok(match longhand {
        Longhand::AnimationName => AnimationValue::Names(list(input, name)?),
        Longhand::AnimationDuration => AnimationValue::Durations(list(input, time)?),
        Longhand::AnimationDelay => AnimationValue::Delays(list(input, time)?),
        Longhand::AnimationFillMode => AnimationValue::Fills(list(input, fill)?),
        Longhand::AnimationDirection => AnimationValue::Reversals(list(input, reversal)?),
        Longhand::AnimationTimingFunction => AnimationValue::Jumps(list(input, jump)?),
        Longhand::AnimationTimeline => AnimationValue::Timelines(list(input, timeline)?),
        _ => return Err(Failure::unexpected_token()),
    })
}

/// CSS Animations 1 §3.10: of the times the first is the duration and the second the delay, of the identifiers that
/// nothing else takes the last is the name.
pub(super) fn shorthand(input: &mut Parser<'_>) -> Result<Vec<(Longhand, Value)>, Failure> {
    const OTHERS: [&str; 7] = [
        "running",
        "paused",
        "infinite",
        "auto",
        "replace",
        "add",
        "accumulate",
    ];
    let mut all = Shorthand::default();
    input.parse_comma_separated(|input| {
        let mut animation = Animation::default();
        let mut times = Vec::new();
        while !input.is_exhausted() {
            if let Ok(found) = input.try_parse(time) {
                times.push(found);
            } else if let Ok(found) = input.try_parse(fill) {
                animation.fill = found;
            } else if let Ok(found) = input.try_parse(reversal) {
                animation.reversal = found;
            } else if let Ok(found) = input.try_parse(jump) {
                animation.jump = found;
            } else if input.try_parse(Parser::expect_number).is_ok() || keyword(input, &OTHERS) {
            } else if let Ok(found) = input.try_parse(name) {
                animation.name = found;
            } else {
                input.expect_function()?;
                input
                    .parse_nested_block(|input| Ok::<_, Failure>(input.expect_no_error_token()?))?;
            }
        }
        let mut times = times.into_iter();
        animation.duration = times.next().unwrap_or_default();
        animation.delay = times.next().unwrap_or_default();
        all.push(animation);
        Ok::<_, Failure>(())
    })?;
    Ok(all.values())
}

#[derive(Default)]
struct Animation {
    name: Option<Arc<str>>,
    duration: f32,
    delay: f32,
    fill: Fill,
    reversal: bool,
    jump: bool,
}

#[derive(Default)]
struct Shorthand {
    names: Vec<Option<Arc<str>>>,
    durations: Vec<f32>,
    delays: Vec<f32>,
    fills: Vec<Fill>,
    reversals: Vec<bool>,
    jumps: Vec<bool>,
}

impl Shorthand {
    fn push(&mut self, animation: Animation) {
        self.names.push(animation.name);
        self.durations.push(animation.duration);
        self.delays.push(animation.delay);
        self.fills.push(animation.fill);
        self.reversals.push(animation.reversal);
        self.jumps.push(animation.jump);
    }

    fn values(self) -> Vec<(Longhand, Value)> {
        use AnimationValue as V;
        use Longhand as L;
        [
            (L::AnimationName, V::Names(self.names.into())),
            (L::AnimationDuration, V::Durations(self.durations.into())),
            (L::AnimationDelay, V::Delays(self.delays.into())),
            (L::AnimationFillMode, V::Fills(self.fills.into())),
            (L::AnimationDirection, V::Reversals(self.reversals.into())),
            (L::AnimationTimingFunction, V::Jumps(self.jumps.into())),
            (L::AnimationTimeline, V::Timelines([].into())),
        ]
        .into_iter()
        .map(|(longhand, value)| (longhand, Value::Animation(value)))
        .collect()
    }
}

fn name(input: &mut Parser<'_>) -> Result<Option<Arc<str>>, Failure> {
    if keyword(input, &["none"]) {
        return Ok(None);
    }
    Ok(Some((&**input.expect_ident_or_string()?).into()))
}

/// Seconds; of a calculation only that it is one.
fn time(input: &mut Parser<'_>) -> Result<f32, Failure> {
    match input.next()? {
        Token::Dimension { value, unit, .. }
            if unit.eq_ignore_ascii_case("s") || unit.eq_ignore_ascii_case("ms") =>
        {
            Ok(*value)
        }
        Token::Function(name) if name.eq_ignore_ascii_case("calc") => {
            input.parse_nested_block(|input| Ok::<_, Failure>(input.expect_no_error_token()?))?;
            Ok(1.0)
        }
        Token::Ident(name) if name.eq_ignore_ascii_case("auto") => Ok(0.0),
        _ => Err(Failure::unexpected_token()),
    }
}

fn fill(input: &mut Parser<'_>) -> Result<Fill, Failure> {
    let (backwards, forwards) = match &*input.expect_ident()?.to_ascii_lowercase() {
        "none" => (false, false),
        "backwards" => (true, false),
        "forwards" => (false, true),
        "both" => (true, true),
        _ => return Err(Failure::unexpected_token()),
    };
    Ok(Fill {
        backwards,
        forwards,
    })
}

fn reversal(input: &mut Parser<'_>) -> Result<bool, Failure> {
    match &*input.expect_ident()?.to_ascii_lowercase() {
        "normal" | "alternate" => Ok(false),
        "reverse" | "alternate-reverse" => Ok(true),
        _ => Err(Failure::unexpected_token()),
    }
}

fn jump(input: &mut Parser<'_>) -> Result<bool, Failure> {
    match input.next()? {
        Token::Ident(name) => match &*name.to_ascii_lowercase() {
            "linear" | "ease" | "ease-in" | "ease-out" | "ease-in-out" | "step-end" => Ok(false),
            "step-start" => Ok(true),
            _ => Err(Failure::unexpected_token()),
        },
        Token::Function(name) => {
            let is_steps = name.eq_ignore_ascii_case("steps");
            let is_curve = name.eq_ignore_ascii_case("cubic-bezier");
            // Where a `linear()` begins is not read.
            let mut jumps = name.eq_ignore_ascii_case("linear");
            if !(is_steps || is_curve || jumps) {
                return Err(Failure::unexpected_token());
            }
            input.parse_nested_block(|input| {
                while let Ok(token) = input.next() {
                    if let Token::Ident(name) = token {
                        jumps |= ["start", "jump-start", "jump-both"]
                            .iter()
                            .any(|known| name.eq_ignore_ascii_case(known));
                    }
                }
                Ok::<_, Failure>(())
            })?;
            Ok(jumps)
        }
        _ => Err(Failure::unexpected_token()),
    }
}

fn timeline(input: &mut Parser<'_>) -> Result<bool, Failure> {
    match input.next()? {
        Token::Ident(name) => Ok(!name.eq_ignore_ascii_case("auto")),
        Token::Function(_) => {
            input.parse_nested_block(|input| Ok::<_, Failure>(input.expect_no_error_token()?))?;
            Ok(true)
        }
        _ => Err(Failure::unexpected_token()),
    }
}

#[cfg(test)]
mod tests;
