"""Names are judged by their words."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi_stack.redaction_names import (
    HEADER_ONLY_NAMES,
    QUERY_ONLY_NAMES,
    SENSITIVE_FIELD_PATTERNS,
    NameMatcher,
    split_words,
)

SENSITIVE = """
password passwd pwd secret token authorization cookie session sessionid session_id credential credentials private
signature ssn cvv card_number key api_key access_key secret_key private_key encryption_key signing_key auth_key
my_password X-Api-Key accessToken APIKey APIkey apikey userSSN HTTPAuthorization Set-Cookie Proxy-Authorization
X-Amz-Security-Token X-Amz-Signature X-Goog-Signature aws_secret_access_key AWSAccessKeyId db.password
user[password] new-password oldPassword PasswordHash password1 oauth2_token refreshToken REFRESH_TOKEN
csrfmiddlewaretoken XSRF-TOKEN PGPASSWORD client_secret clientSecret JSESSIONID PHP_SESSION stripe-signature
card.number cardNumber creditCardNumber CARD_NUMBER_2 Key KEY ToKeN passWord pAsSwOrD private-note privateKeyPem
token_value secrets passwords cookies api_keys access_tokens passphrase cvc CVV2 SSNs signing-key-current
password_reset_link nameOfSecret count_token limit-session token.count.secret url_token typeOfToken authKey
""".split()  # noqa: SIM905 - a list of quoted names is harder to read

HARMLESS = """
primary_key foreign_key cache_key monkey keyboard error_code status_code token_count tokenizer turkey donkey hockey
keys key_id public_key sort_key partition_key idempotency_key keyspace code sig codec barcode country_code
token_type tokenType token_limit max_tokens total_tokens tokens tokenized tokenization secretary secretariat
password_length passwordLength password_min_length password_policy password_required passwordless session_count
sessionTimeout session_ttl session_cookie_name cookie_policy cookie_name cookiecutter authorization_url authorize
secret_name secret_names secretUrl credential_type credentials_status signature_algorithm signed signal design
is_private isPrivate has_token hasValidSession is_secret is_password_set private_key_size api_key_status
api-key-enabled access_key_name card card_type cardinality card_number_length account_number order_number
author author_id authenticated auth path method user_id username email order_id total size count session_limit
compassion passenger bypass passed pass private_repo_count assessor obsession possession
""".split()  # noqa: SIM905 - as above

ALL_WORDS = [pattern.split("_") for pattern in SENSITIVE_FIELD_PATTERNS]


@pytest.fixture(scope="module")
def names() -> NameMatcher:
    """Give the default policy."""
    return NameMatcher()


@pytest.mark.parametrize("name", SENSITIVE)
def test_sensitive_names_are_found(names: NameMatcher, name: str) -> None:
    """A name that holds a sensitive word or phrase is sensitive, however it is spelled."""
    assert names.is_sensitive(name)


@pytest.mark.parametrize("name", HARMLESS)
def test_harmless_names_are_left(names: NameMatcher, name: str) -> None:
    """A name that only looks like a sensitive one, or counts, describes or asks, is harmless."""
    assert not names.is_sensitive(name)


def test_there_are_enough_shapes() -> None:
    """At least sixty names of each kind are tried, none of them twice."""
    assert len(set(SENSITIVE)) == len(SENSITIVE) >= 60
    assert len(set(HARMLESS)) == len(HARMLESS) >= 60
    assert not set(SENSITIVE) & set(HARMLESS)


@pytest.mark.parametrize("words", ALL_WORDS, ids="_".join)
def test_each_pattern_is_found_in_each_spelling(names: NameMatcher, words: list[str]) -> None:
    """Every word of SENSITIVE_FIELD_PATTERNS matches in snake, kebab, camel, Pascal and constant case, and dotted."""
    capitals = [word.capitalize() for word in words]
    spellings = ["_".join(words), "-".join(words), words[0] + "".join(capitals[1:]), "".join(capitals)]
    spellings += ["_".join(words).upper(), ".".join(words), " ".join(words), "-".join(capitals), "".join(words)]

    assert [spelling for spelling in spellings if not names.is_sensitive(spelling)] == []


@pytest.mark.parametrize(
    "word",
    [
        *("count", "limit", "length", "size", "type", "name", "timeout"),
        *("ttl", "policy", "algorithm", "url", "status", "enabled", "required"),
    ],
)
def test_a_describing_word_after_it_makes_a_name_harmless(names: NameMatcher, word: str) -> None:
    """What measures or describes a secret is no secret; before the sensitive word it changes nothing."""
    assert not names.is_sensitive(f"password_{word}")
    assert not names.is_sensitive(f"apiKey{word.capitalize()}")
    assert names.is_sensitive(f"{word}_password")


def test_full_width_letters_count_as_letters(names: NameMatcher) -> None:
    """A name in compatibility characters is the name that it looks like."""
    assert names.is_sensitive("\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff44")


@pytest.mark.parametrize("name", sorted(QUERY_ONLY_NAMES))
def test_more_names_are_sensitive_in_queries(names: NameMatcher, name: str) -> None:
    """OAuth codes and signatures of URLs are secrets as keys of a query, as whole names."""
    assert names.is_sensitive_in_query(name.upper())
    assert not names.is_sensitive_in_query(f"country_{name}_count")


@pytest.mark.parametrize("name", sorted(HEADER_ONLY_NAMES))
def test_more_names_are_sensitive_as_headers(names: NameMatcher, name: str) -> None:
    """Headers that carry credentials under a name of other words are secrets, as whole names."""
    assert names.is_sensitive_header(name.upper())
    assert not names.is_sensitive_header(f"{name}-count")
    assert not NameMatcher(allowed_names=(name,)).is_sensitive_header(name)


def test_words_can_be_added() -> None:
    """Names that an application adds match as words and phrases, in any spelling."""
    names = NameMatcher(sensitive_names=("iban", "taxId", "straße"))

    assert all(map(names.is_sensitive, ("customer_iban", "TAX-ID", "taxid", "Straße")))
    assert not any(map(names.is_sensitive, ("ibanez", "tax", "identity", "iban_count")))


def test_names_can_be_allowed() -> None:
    """A whole name that an application allows is harmless in any spelling, and also in queries."""
    names = NameMatcher(allowed_names=("primary session", "key", "code"))

    assert not any(map(names.is_sensitive, ("primarySession", "PRIMARY_SESSION", "key")))
    assert not names.is_sensitive_in_query("code")
    assert names.is_sensitive("session")


@pytest.mark.parametrize("nothing", ["", "__", "-."])
def test_an_added_name_needs_a_word(nothing: str) -> None:
    """A name without letters or digits is refused when the policy is made."""
    with pytest.raises(ValueError, match=re.escape(repr(nothing))):
        NameMatcher(sensitive_names=(nothing,))


@given(st.text(alphabet="aeknorstyAKT_-. 1", max_size=20))
def test_the_hints_miss_nothing(text: str) -> None:
    """Whatever name is sensitive, the quick search over lower-case text finds something in it."""
    names = NameMatcher(sensitive_names=("tax id",))
    found = re.compile(names.hints).search

    for name in (text, *(f"{text}{word}" for word in (*SENSITIVE, "taxId"))):
        assert not names.is_sensitive(name) or found(name.lower())


@given(st.text())
def test_no_name_is_refused(name: str) -> None:
    """Every text has an answer, and the same one each time."""
    names = NameMatcher()

    assert names.is_sensitive(name) is names.is_sensitive(name)
    assert names.is_sensitive_in_query(name) or not names.is_sensitive(name)


@pytest.mark.parametrize("part", ["password_count_", "AB", "a", "key_", "is_", "session_cookie_", "\ufdfa", "1a"])
def test_long_names_take_linear_time(names: NameMatcher, part: str) -> None:
    """Ten times the length costs about ten times the time."""
    seconds: list[float] = []
    for length in (2_000, 20_000):
        name = part * (length // len(part))
        start = time.thread_time()
        names.is_sensitive(name)
        seconds.append(time.thread_time() - start)

    assert seconds[1] < 40 * max(seconds[0], 0.001)


def test_words_are_split_at_every_kind_of_boundary() -> None:
    """Separators, capitals, acronyms and digits part words; a doubtful acronym is read both ways."""
    assert split_words("HTTPServer_v2.userName")[0] == ("http", "server", "v", "2", "user", "name")
    assert {("ap", "ikey"), ("api", "key"), ("apikey",)} == set(split_words("APIkey"))
