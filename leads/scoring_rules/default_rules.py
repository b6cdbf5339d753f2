"""The built-in scoring rules, in force until a version is published. Pure."""

from leads.scoring_rules.rules import PageTrigger, Rules, TitleRule

# Sections that only inform (careers, blog, docs) come first, so that /blog/our-pricing-story is a
# blog post and not a pricing visit. A visit to a page without an angle does not choose the email.
DEFAULT_PAGES = (
    PageTrigger("Careers", "/careers*", 0, "", "our open jobs", "careers"),
    PageTrigger("Blog: revenue", "/blog/*revenue*", 5, "content",
                "AI for revenue operations", "blog"),
    PageTrigger("Blog", "/blog*", 5, "content", "AI at work", "blog"),
    PageTrigger("Resources", "/resources*", 10, "content", "putting AI into practice", "blog"),
    PageTrigger("Documentation", "/docs*", 10, "content", "how AI fits into daily work", "docs"),
    PageTrigger("Integrations", "/integrations*", 10, "content",
                "connecting AI to existing systems", "docs"),
    PageTrigger("Demo", "/demo*", 40, "high_intent", "our demo", "demo"),
    PageTrigger("Request a demo", "/*-demo*", 40, "high_intent", "our demo", "demo"),
    PageTrigger("Book a call", "/book-*", 40, "high_intent", "how a first call works", "demo"),
    PageTrigger("Contact", "/contact*", 35, "high_intent", "working with us", "contact"),
    PageTrigger("Pricing", "/pricing*", 30, "high_intent", "pricing", "pricing"),
    PageTrigger("ROI calculator", "/roi*", 30, "high_intent",
                "the return on AI projects", "pricing"),
    PageTrigger("Case studies", "/case-stud*", 20, "content",
                "how other companies use AI", "case_study"),
    PageTrigger("Customers", "/customers*", 20, "content",
                "how other companies use AI", "case_study"),
    PageTrigger("Revenue operations", "/*revenue*", 15, "content",
                "AI for revenue operations", "product"),
    PageTrigger("Solutions", "/solutions*", 15, "content", "AI in sales and operations", "product"),
    PageTrigger("Services", "/services*", 15, "high_intent",
                "having a chief AI officer", "product"),
    PageTrigger("Product", "/product*", 15, "high_intent", "what we build", "product"),
)  # fmt: skip

DEFAULT_RULES = Rules(
    version="2026.2",
    pages=DEFAULT_PAGES,
    pages_at_most=50,
    colleague_share=0.5,
    look_back_days=30,
    decay=((1, 1.0), (7, 0.7), (30, 0.4)),
    visit_hours=6,
    repeats=((5, 15), (3, 10), (2, 5)),
    warm_points=(
        ("known", 25), ("overlap", 25), ("employer", 20), ("employer_now", 15),
        ("known_there", 10), ("known_before", 5),
    ),
    fit_share=0.25,
    titles=(
        TitleRule(
            50,
            "C-level or founder",
            (
                "chief", "ceo", "cro", "coo", "cto", "cfo", "cmo", "cio", "founder", "co-founder",
                "owner", "president", "partner",
            ),
            (
                "product owner", "vice president", "vice-president", "business partner",
                "partner manager", "partner marketing", "partner success", "partner sales",
            ),
        ),
        TitleRule(45, "Vice president", ("vp", "svp", "evp", "vice president", "vice-president")),
        TitleRule(38, "Head or director", ("head", "director", "general manager", "gm")),
        TitleRule(20, "Manager or lead", ("manager", "lead", "principal")),
        TitleRule(8, "Other title", ()),
    ),
    good_industries=(
        "logistics", "supply chain", "software", "saas", "technology", "information", "internet",
        "financial", "insurance", "manufacturing", "healthcare", "health", "professional services",
        "consulting", "marketing", "advertising", "staffing", "construction", "real estate",
        "telecommunications", "computer", "computers", "banking", "biotechnology", "nanotechnology",
    ),
    industry_points=(20, 10),
    sizes=(
        (5001, 12, "over 5,000"), (1001, 22, "1,001 to 5,000"), (50, 30, "50 to 1,000"),
        (10, 15, "10 to 49"), (0, 5, "under 10"),
    ),
    tiers=(80, 60),
)  # fmt: skip
