"""Single sign-on by OpenID Connect: settings, the provider's answers, who gets in, and roles."""
