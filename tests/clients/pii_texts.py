"""Sentences with personal data whose places are known: the templates of presidio-evaluator, filled with its names, addresses and organizations, and with
numbers by its formats or by the rules of their kinds. For what it has no template for (numbers of identity of Germany, Korea and Britain) there are some
of our own."""

import ast
import csv
import ipaddress
import pathlib
import random
import re

OWN = [
    "My tax number is {{de_tax_id}}", "Steuer-ID: {{de_tax_id}}, wohnhaft in {{city}}", "Order {{order}} of the customer with tax id {{de_tax_id}}",
    "주민등록번호 {{kr_rrn}} 확인 부탁드립니다", "Her registration number is {{kr_rrn}}.", "My NI number is {{uk_nino}}", "NINO {{uk_nino}}, paid {{amount}}",
    "Invoice {{order}} of {{date_time}} over {{amount}} was paid.", "The parcel {{order}} weighs 12.5 kg and has 3 of 10 labels.",
    "Version 10.4.2.1 was released on {{date_time}}, see {{url}}?id={{order}}.", "Meter readings: 1024 2048 4096 8192 16384 on {{date_time}}.",
]
KINDS = {
    "credit_card_number": "card", "iban": "iban", "email": "email", "phone_number": "phone", "ssn": "us_ssn", "ip_address": "ip", "de_tax_id": "de_tax_id",
    "kr_rrn": "kr_rrn", "uk_nino": "uk_nino", **dict.fromkeys((
        "person", "name", "first_name", "last_name", "name_male", "name_female", "first_name_male", "first_name_female", "first_name_nonbinary", "last_name_male",
        "last_name_female"), "person")}


class Texts:
    def __init__(self, folder, seed):
        self.random = random.Random(seed)
        folder = pathlib.Path(folder)
        read = lambda name: (folder / name).read_text("utf-8", errors="replace").lstrip("\ufeff")
        lines = [line.replace("\\n", "\n").replace("\\,", ",") for line in read("templates.txt").splitlines() if line.strip()]
        # A third of the package's sentences has no kind of ours.
        self.templates = lines + OWN * (len(lines) // len(OWN) // 4)
        self.people = list(csv.DictReader(read("FakeNameGenerator.com_3000.csv").splitlines()))
        self.companies = read("companies_and_organizations.csv").splitlines()[1:]
        self.nations = list(csv.DictReader(read("nationalities.csv").splitlines()))
        source = read("providers.py")
        formats = re.search(r"class PhoneNumberProviderNew.*?formats = (\(.*?\n    \))", source, re.S).group(1)
        self.phones = ast.literal_eval(formats)

    def digits(self, pattern):
        return re.sub("#", lambda _: str(self.random.randrange(10)), pattern)

    def card(self):
        prefix, length = self.random.choice([("4", 16), ("4", 16), ("51", 16), ("55", 16), ("2221", 16), ("34", 15), ("37", 15), ("6011", 16), ("3528", 16), ("36", 14), ("5018", 12), ("5893", 16)])
        body = prefix + self.digits("#" * (length - len(prefix) - 1))
        total = sum(sum(divmod(int(digit) * (2 - place % 2), 10)) for place, digit in enumerate(reversed(body)))
        number = body + str(-total % 10)
        mark = self.random.choice(["", "", "", " ", "-"])
        return mark.join(re.findall(".{1,4}", number)) if length == 16 else number

    def iban(self):
        country, pattern = self.random.choice([("GB", "AAAA##############"), ("DE", "##################"), ("FR", "#######################"), ("NL", "AAAA##########"), ("ES", "####################"), ("CH", "#################")])
        body = re.sub("A", lambda _: self.random.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), self.digits(pattern))
        check = 98 - int("".join(str(int(letter, 36)) for letter in body + country + "00")) % 97
        number = f"{country}{check:02}{body}"
        return " ".join(re.findall(".{1,4}", number)) if self.random.random() < 0.3 else number

    def tax_id(self):
        while True:
            digits = self.random.sample(range(10), 9)
            digits.append(self.random.choice(digits))
            self.random.shuffle(digits)
            if digits[0]:
                break
        product = 10
        for digit in digits:
            product = ((digit + product) % 10 or 10) * 2 % 11
        text = "".join(map(str, digits)) + str((11 - product) % 10)
        return text if self.random.random() < 0.5 else f"{text[:2]} {text[2:5]} {text[5:8]} {text[8:]}"

    def rrn(self):
        year, month, day = self.random.randrange(1940, 2020), self.random.randrange(1, 13), self.random.randrange(1, 29)
        text = f"{year % 100:02}{month:02}{day:02}{self.random.choice((1, 2) if year < 2000 else (3, 4))}{self.digits('#####')}"
        check = (11 - sum(int(digit) * weight for digit, weight in zip(text, (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5))) % 11) % 10
        return f"{text[:6]}-{text[6:]}{check}" if self.random.random() < 0.8 else f"{text}{check}"

    def nino(self):
        prefix = self.random.choice("ABCEGHJKLMNPRSTWXY") + self.random.choice("ABCEGHJLMPRSTWXYZ")
        prefix = "AB" if prefix in ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ") else prefix
        parts = [prefix, self.digits("##"), self.digits("##"), self.digits("##"), self.random.choice("ABCD")]
        return self.random.choice(["", " "]).join(parts)

    def value(self, name, person):
        pick, digits = self.random.choice, self.digits
        nation = pick(self.nations)
        full = f"{person['GivenName']} {person['Surname']}"
        return {
            "credit_card_number": self.card, "iban": self.iban, "de_tax_id": self.tax_id, "kr_rrn": self.rrn, "uk_nino": self.nino,
            "email": lambda: person["EmailAddress"],
            "phone_number": lambda: digits(pick(self.phones)) if self.random.random() < 0.7 else person["TelephoneNumber"],
            "ssn": lambda: f"{self.random.choice([*range(1, 666), *range(667, 900)]):03}-{self.random.randrange(1, 100):02}-{self.random.randrange(1, 10000):04}",
            "ip_address": lambda: str(ipaddress.IPv4Address(self.random.getrandbits(32)) if self.random.random() < 0.8 else ipaddress.IPv6Address(self.random.getrandbits(128))),
            "person": lambda: pick([full, full, f"{person['GivenName']} {person['MiddleInitial']} {person['Surname']}"]), "name": lambda: full, "name_male": lambda: full, "name_female": lambda: full,
            "first_name": lambda: person["GivenName"], "first_name_male": lambda: person["GivenName"], "first_name_female": lambda: person["GivenName"],
            "first_name_nonbinary": lambda: person["GivenName"], "last_name": lambda: person["Surname"], "last_name_male": lambda: person["Surname"],
            "last_name_female": lambda: person["Surname"], "prefix": lambda: pick(["Mr.", "Mrs.", "Dr."]), "prefix_male": lambda: "Mr.", "prefix_female": lambda: pick(["Mrs.", "Ms."]),
            "address": lambda: f"{person['StreetAddress']}, {person['City']}, {person['ZipCode']} {person['CountryFull']}", "street_name": lambda: person["StreetAddress"].strip("0123456789 "),
            "building_number": lambda: digits(pick(["##", "###", "####", "#####"])), "secondary_address": lambda: digits(pick(["Apt. ###", "Suite ###"])), "city": lambda: person["City"],
            "state_abbr": lambda: pick(["CA", "NY", "TX"]), "zipcode": lambda: digits("#####"), "postcode": lambda: digits(pick(["#####", "#####-####"])),
            "country": lambda: nation["country"].title(), "nationality": lambda: nation["nationality"], "nation_woman": lambda: nation["woman"], "nation_plural": lambda: nation["plural"],
            "organization": lambda: pick(self.companies), "job": lambda: person["Occupation"], "age": lambda: digits("##"), "year": lambda: str(self.random.randrange(1900, 2026)),
            "date_time": lambda: pick(["2024-03-01 12:30:45", "01.02.2024", "5/17/1999", "March 3, 2021"]), "date_of_birth": lambda: person["Birthday"], "day_of_week": lambda: "Monday",
            "url": lambda: f"https://www.{person['Domain']}/{digits('####')}", "us_driver_license": lambda: digits(pick(["########", "#########", "A#######", "###-##-###"])),
            "order": lambda: digits(pick(["########", "##########", "2024-######", "ORD-####-####", "############"])), "amount": lambda: digits("$#,###.##"),
        }[name]()

    def sentence(self):
        """A text, and its personal data: kind, start and end."""
        person, used, text, spans, last = self.random.choice(self.people), set(), [], [], 0
        template, length = self.random.choice(self.templates), 0
        for match in re.finditer(r"{{(\w+)}}", template):
            piece = template[last:match.start()]
            value = self.value(match[1], self.random.choice(self.people) if match[1] in used else person)
            used.add(match[1])
            length += len(piece)
            if match[1] in KINDS:
                spans.append((KINDS[match[1]], length, length + len(value)))
            text += [piece, value]
            length += len(value)
            last = match.end()
        return "".join(text) + template[last:], spans


def matches(found, spans):
    """How many of each are the same: of one kind, and more than half of what both take up together."""
    right = 0
    rest = list(spans)
    for kind, start, end in found:
        for span in rest:
            both = min(end, span[2]) - max(start, span[1])
            if kind == span[0] and both * 2 > max(end, span[2]) - min(start, span[1]):
                rest.remove(span)
                right += 1
                break
    return right
