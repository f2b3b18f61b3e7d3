//! A verdict as word, shape and colour; never by colour alone.

use maud::{Markup, html};
use promise::{Lang, State};

/// The class that gives a thing its state's colour.
pub(crate) fn class(state: State) -> &'static str {
    match state {
        State::Kept => "kept",
        State::AtRisk => "risk",
        State::Broken => "broken",
        State::Unproven => "unproven",
    }
}

/// The shape alone: disc, triangle, cross, dotted ring. Drawn, because fonts disagree about these characters.
pub(crate) fn shape(state: State) -> Markup {
    html! {
        svg.mark viewBox="0 0 16 16" aria-hidden="true" {
            @match state {
                State::Kept => circle cx="8" cy="8" r="5.5" {},
                State::AtRisk => path d="M8 1.8 15 14H1z" {},
                State::Broken => path d="M3 3l10 10M13 3 3 13" {},
                State::Unproven => circle cx="8" cy="8" r="5.5" {},
            }
        }
    }
}

pub(crate) fn verdict(state: State, lang: Lang) -> Markup {
    html! { span class={ "v " (class(state)) } { (shape(state)) span { (state.say().get(lang)) } } }
}

/// The mark of the house: a hand-print, stamped in vermilion.
pub(crate) fn house() -> Markup {
    html! { svg.house viewBox="0 0 32 32" aria-hidden="true" {
        rect.seal x="1" y="1" width="30" height="30" rx="6" {}
        path.hand d="M10.2 17.5V9.6a1.6 1.6 0 0 1 3.2 0v-2.4a1.6 1.6 0 0 1 3.2 0v1a1.6 1.6 0 0 1 3.2 0v2a1.5 1.5 0 0 1 3 0v9.3c0 4-2.6 6.7-6.4 6.7-3 0-4.900-1.500-6.200-3.900l-3.100-5.500c-.9-1.700 1.100-3.100 2.400-1.800z" {}
        path.line d="M13.400 9.600v5.200M16.600 8.200v6.400M19.800 10.200v4.600" {}
    } }
}
