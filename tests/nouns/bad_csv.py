"""The table of bad CSV: a noun, a file, the places (line, cell) where its faults are to be told, and what is told."""

from __future__ import annotations

from dataclasses import dataclass

LONG = "x" * 10_001
DEEP = "[" * 40 + "]" * 40


@dataclass(frozen=True, slots=True)
class BadCsv:
    """One bad file, as text or as bytes; ``told`` is "line:cell fragment" for each fault, in the order of the file."""

    noun: str
    text: str | bytes
    told: tuple[str, ...]

    @property
    def content(self) -> bytes:
        return self.text if isinstance(self.text, bytes) else self.text.encode()


def _host(line: str, told: str, header: str = "name,roles,grade,addresses,labels,capacity,data") -> BadCsv:
    return BadCsv("host", f"{header}\n{line}\n", (told,))


BAD_CSV = {
    "empty": BadCsv("host", "", ("1:1 the file is empty",)),
    "blank": BadCsv("host", "\n \n,,\n", ("1:1 the file is empty",)),
    "only a mark": BadCsv("host", b"\xef\xbb\xbf", ("1:1 the file is empty",)),
    "not UTF-8": BadCsv("host", b"name\nweb1\nw\xe9b2\n", ("3:1 the byte 0xe9 is not UTF-8",)),
    "not UTF-8 after old line ends": BadCsv("host", b"name\rweb1\rw\xe9b2\r", ("3:1 the byte 0xe9 is not UTF-8",)),
    "UTF-16": BadCsv("host", "name\nweb1\n".encode("utf-16"), ("1:1 the byte 0xff is not UTF-8",)),
    "binary": BadCsv("host", bytes(range(128, 256)), ("1:1 the byte 0x80 is not UTF-8",)),
    "quote that is never closed": BadCsv("host", 'name,description\nweb1,"so\n', ("2:1 this is not CSV",)),
    "quote within": BadCsv("host", 'name,description\nweb1,"so" it\n', ("2:1 this is not CSV",)),
    "enormous cell": BadCsv("host", f"name,description\nweb1,{'x' * 140_000}\n", ("2:1 field limit",)),
    "no header": BadCsv(
        "host", "web1.example.com,web\n", ("1:1 a host has no 'web1.example.com'", "1:1 lacks name", "1:2 no 'web'")
    ),
    "unknown column": BadCsv("host", "name,adresses\nweb1,\n", ("1:2 a host has no 'adresses'; did you mean 'addr",)),
    "column twice": BadCsv("host", "name,grade,Grade\n", ("1:3 the column grade is there twice",)),
    "nameless column": BadCsv("host", "name,,grade\n", ("1:2 a host has no ''",)),
    "header without a name": BadCsv("host", "grade,roles\nmedium,web\n", ("1:1 the header lacks name",)),
    "header without a parent": BadCsv("app", "name\nShop\n", ("1:1 the header needs one column customer",)),
    "header with a parent too many": BadCsv("app", "name,customer,address\n", ("1:1 needs one column customer",)),
    "parent of what has none": BadCsv("host", "name,customer\nweb1,acme\n", ("1:2 a host has no 'customer'",)),
    "children": BadCsv("customer", "name,apps\nAcme,[]\n", ("1:2 a customer has no 'apps'",)),
    "header of a formula": BadCsv("host", "name,=1+1\n", ("1:2 a host has no '=1+1'",)),
    "cells too many": BadCsv("host", "name,grade\nweb7,medium,large\n", ("2:1 the line has 3 cells, the header 2",)),
    "cells too few": BadCsv("host", "name,grade\nweb7\n", ("2:1 the line has 1 cells, the header 2",)),
    "nameless line": BadCsv("host", "name,grade\n,medium\n", ("2:1 every host needs a name",)),
    "line about another noun": BadCsv(
        "host", "noun,name\nrole,web\n", ("2:1 this line is about a 'role', not a host",)
    ),
    "parent is missing": BadCsv("app", "customer,name\n,Shop\n", ("2:1 every app says here whose it is: customer",)),
    "parent is unknown": BadCsv("app", "customer,name\nacne,Shop\n", ("2:1 there is no customer 'acne'",)),
    "parent is too short": BadCsv("instance", "app,name\nshop,Live\n", ("2:1 whose it is: customer/app",)),
    "parent is too long": BadCsv("instance", "app,name\nacme/shop/x,Live\n", ("2:1 whose it is: customer/app",)),
    "parent has a gap": BadCsv("instance", "app,name\nacme/,Live\n", ("2:1 whose it is: customer/app",)),
    "address is too short": BadCsv("app", "address,name\nshop,Shop\n", ("2:1 whose it is: customer/app",)),
    "name is no DNS name": BadCsv("host", "name\nweb 7\n", ("2:1 is no DNS name",)),
    "name is a number": BadCsv("host", "name\n10.0.0.7\n", ("2:1 is no DNS name",)),
    "name is a formula": BadCsv("host", "name\n=1+1\n", ("2:1 '=1+1' is no DNS name",)),
    "name with a control character": BadCsv("role", "name\na\x07b\n", ("2:1 U+0007",)),
    "name with NUL": BadCsv("role", "name\na\0b\n", ("2:1 U+0000",)),
    "name that turns round": BadCsv("role", "name\na\u202eb\n", ("2:1 U+202E",)),
    "name of two lines": BadCsv("role", 'name\n"a\nb"\n', ("2:1 U+000A",)),
    "name too long": BadCsv("role", f"name\n{'a' * 201}\n", ("2:1 at most 200 characters",)),
    "name without a key": BadCsv("role", "name\n日本\n", ("2:1 no letter or digit that a key can be made of",)),
    "name with a reserved key": BadCsv("role", "name\nDefault\n", ("2:1 a reserved word",)),
    "key is none": BadCsv("role", "name,key\nCache,Big Cache\n", ("2:2 is no key",)),
    "key is reserved": BadCsv("role", "name,key\nCache,class\n", ("2:2 the key 'class' is a reserved word",)),
    "key of a noun that has another": BadCsv("role", "name,key\nweb,cache\n", ("2:2 keeps the key web",)),
    "key of nobody": BadCsv("role", "key,floor\nnobody,cpu=1\n", ("2:1 no role has this key",)),
    "name twice": BadCsv("host", "name\nweb7\nWEB7\n", ("3:1 the name 'web7' is taken",)),
    "noun twice": BadCsv("role", "name\nweb\nWeb\n", ("3:1 role 'web' is stated already at",)),
    "key twice": BadCsv("role", "name\nCache one\nCache-one\n", ("3:1 its key would be cache_one, which",)),
    "rename of nobody": BadCsv("role", "name,was\nCache,nobody\n", ("2:2 nothing to rename",)),
    "rename to another": _host("web2.example.com,web1.example.com", "2:1 is taken", "name,was"),
    "rename of one by two": BadCsv("role", "name,was\na,web\nb,web\n", ("3:1 is stated already at",)),
    "unknown role": _host("web7,webb,,,,,", "2:2 there is no role 'webb'"),
    "role twice": _host("web7,web;Web,,,,,", "2:2 is here twice"),
    "unknown grade": _host("web7,,meduim,,,,", "2:3 there is no grade 'meduim'"),
    "address is none": _host("web7,,,10.0.0.999,,,", "2:4 must be an IP address"),
    "address is a network": _host("web7,,,10.0.0.0/24,,,", "2:4 leave the prefix length out"),
    "address twice": _host("web7,,,10.0.0.7 10.0.0.7,,,", "2:4 is here twice"),
    "label without a value": _host("web7,,,,site,,", "2:5 'site' is not written key=value"),
    "label twice": _host("web7,,,,site=a;site=b,,", "2:5 'site' is there twice"),
    "label of no name": _host("web7,,,,=fra,,", "2:5 is no label"),
    "label in capitals": _host("web7,,,,Site=fra,,", "2:5 'Site' is no label"),
    "capacity is text": _host("web7,,,,,cpu=four,", "2:6 'four' is not a number"),
    "capacity is nothing": _host("web7,,,,,cpu=,", "2:6 '' is not a number"),
    "capacity is negative": _host("web7,,,,,cpu=-4,", "2:6 must be a number from 0 up"),
    "capacity is endless": _host("web7,,,,,cpu=inf,", "2:6 'inf' is not a number"),
    "capacity is out of reach": _host("web7,,,,,cpu=1e400,", "2:6 must be a number from 0 up"),
    "capacity in thousands": _host('web7,,,,,"memory_mib=1,024",', "2:6 '1,024' is not a number"),
    "capacity with underscores": _host("web7,,,,,memory_mib=1_024,", "2:6 '1_024' is not a number"),
    "capacity in other digits": _host("web7,,,,,cpu=٤,", "2:6 is not a number"),
    "data is no JSON": _host("web7,,,,,,disk", "2:7 this is not JSON"),
    "data is a list": _host("web7,,,,,,[]", "2:7 must be a map, not a list"),
    "data has a key twice": _host('web7,,,,,,"{""a"": 1, ""a"": 2}"', "2:7 the key 'a' stands twice"),
    "data is not a number": _host('web7,,,,,,"{""a"": NaN}"', "2:7 NaN is no JSON number"),
    "data is too large a number": _host('web7,,,,,,"{""a"": 9007199254740993}"', "2:7 beyond 2^53 - 1"),
    "data is too deep": _host(f'web7,,,,,,"{{""a"": {DEEP}}}"', "2:7 nested deeper than 32 levels"),
    "data is abysmal": _host(f"web7,,,,,,{'[' * 100_000}", "2:7 nested too deeply"),
    "data holds NUL": _host('web7,,,,,,"{""a"": ""\\u0000""}"', "2:7 NUL"),
    "data holds half a pair": _host('web7,,,,,,"{""a"": ""\\ud800""}"', "2:7 half of a surrogate pair"),
    "text is too long": _host(f"web7,{LONG}", "2:2 too long", "name,description"),
    "text with NUL": _host("web7,a\0b", "2:2 NUL", "name,description"),
    "line of two": BadCsv("app", 'customer,name,service_level\nacme,A,"b\nc"\n', ("2:3 must be one line of text",)),
    "copies are text": BadCsv("instance", "app,name,copies\nacme/shop,New,many\n", ("2:3 'many' is not a number",)),
    "copies are a half": BadCsv("instance", "app,name,copies\nacme/shop,New,1.5\n", ("2:3 must be a whole number",)),
    "copies are too few": BadCsv("instance", "app,name,copies\nacme/shop,New,-1\n", ("2:3 must be at least 0",)),
    "own template": BadCsv(
        "instance", "app,name,template\nacme/shop,Live,acme/shop/live\n", ("2:3 templates in a circle",)
    ),
    "template is no path": BadCsv("instance", "app,name,template\nacme/shop,New,live\n", ("2:3 is no path",)),
    "parameters are no map": BadCsv("customer", "name,parameters\nB,5\n", ("2:2 must be a map of parameters",)),
    "reserved parameter": BadCsv("customer", 'name,parameters\nB,"{""tag"": 1}"\n', ("2:2 is a reserved word",)),
    "seal of nobody": BadCsv(
        "customer", 'name,parameters\nAcme,"{""password"": {""sealed"": ""00""}}"\n', ("2:2 a seal stands only for",)
    ),
    "sharing is neither": BadCsv("service", "name,sharing\nnew,both\n", ("2:2 must be host or instance",)),
    "circle": BadCsv("service", "name,needs\nlinux,rails\n", ("2:2 services in a circle",)),
    "needs itself": BadCsv("service", "name,needs\nlinux,linux\n", ("2:2 a service cannot need itself",)),
    "audit of nobody": BadCsv("service", "name,audits\nnew,nobody\n", ("2:2 there is no service 'nobody'",)),
    "unknown type": BadCsv(
        "service", 'name,parameters\nnew,"[{""name"": ""a"", ""type"": ""int""}]"\n', ("2:2 there is no type",)
    ),
    "rank is a date": BadCsv("grade", "name,rank\nlarge,2026-01-01\n", ("2:2 '2026-01-01' is not a number",)),
    "column of another noun": BadCsv("host", "name,copies\nweb 7,\n", ("1:2 a host has no 'copies'",)),
    "all in one answer": BadCsv(
        "host",
        "name,grade,addresses\nweb7,huge,10.0.0.7\nweb 8,,\nweb9,,x\nweb7,,\nweb1.example.com,tiny,\n",
        (
            "2:2 there is no grade 'huge'",
            "3:1 is no DNS name",
            "4:3 must be an IP address",
            "5:1 the name 'web7' is taken",
            "6:2 there is no grade 'tiny'",
        ),
    ),
}
