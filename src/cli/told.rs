//! What a policy says about its analysis, as arguments.
//!
//! In: a policy, and what was typed. Out: arguments that read the same site in the same way. An argument that has its
//! default counts as not typed.

use std::path::Path;

use pushgen_policy::{ColorScheme, Policy};

use super::{ROOT, Scheme, SiteArguments, ViewportArgument};

impl SiteArguments {
    /// A folder of which nothing is told.
    pub(crate) fn of(dist: &Path) -> Self {
        Self {
            dist: dist.to_owned(),
            include: Vec::new(),
            exclude: Vec::new(),
            base_path: ROOT.to_owned(),
            clean_urls: false,
            origin: None,
            viewport: Vec::new(),
            dpr: None,
            color_scheme: Scheme::Light,
            jobs: None,
        }
    }

    /// Takes what the analysis of a policy was told, where nothing else is told.
    pub(crate) fn heeding(mut self, policy: &Policy) -> Self {
        self.origin = self.origin.or_else(|| policy.origin().cloned());
        let Some(analysis) = policy.analysis() else {
            return self;
        };
        if self.include.is_empty() {
            self.include.clone_from(&analysis.include);
        }
        if self.exclude.is_empty() {
            self.exclude.clone_from(&analysis.exclude);
        }
        if self.base_path == ROOT {
            self.base_path.clone_from(&analysis.base_path);
        }
        self.clean_urls |= analysis.clean_urls;
        if self.viewport.is_empty() {
            let told = analysis.viewports.iter();
            self.viewport = told.copied().map(ViewportArgument::told).collect();
        }
        if analysis.color_scheme == ColorScheme::Dark {
            self.color_scheme = Scheme::Dark;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> Policy {
        let json = r#"{
            "$schema": "https://pushgen.github.io/schema/policy-1.json", "version": 1, "generator": "x",
            "origin": "https://example.com",
            "analysis": {
                "viewports": ["400x800@2"], "color_scheme": "dark", "budget": 1, "base_path": "/docs/",
                "clean_urls": true, "include": ["a/**"], "exclude": [], "etags": false
            },
            "assets": [], "plans": [], "pages": {}
        }"#;
        let schema = pushgen_policy::SCHEMA;
        let json = json.replace("https://pushgen.github.io/schema/policy-1.json", schema);
        Policy::from_json(json.as_bytes()).expect("a policy")
    }

    #[test]
    fn what_a_policy_was_made_with_holds_where_nothing_else_is_told() {
        let told = SiteArguments::of(Path::new("dist")).heeding(&policy());
        assert_eq!(told.base_path, "/docs/");
        assert!(told.clean_urls);
        assert_eq!(told.include, ["a/**"]);
        let options = told.options();
        let viewports: Vec<String> = options.viewports.iter().map(ToString::to_string).collect();
        assert_eq!(viewports, ["400x800@2"]);
        assert_eq!(
            options.origin.expect("an origin").as_str(),
            "https://example.com"
        );

        let typed = SiteArguments {
            base_path: "/other/".to_owned(),
            include: vec!["b/**".to_owned()],
            ..SiteArguments::of(Path::new("dist"))
        };
        let typed = typed.heeding(&policy());
        assert_eq!(typed.base_path, "/other/");
        assert_eq!(typed.include, ["b/**"]);
    }
}
