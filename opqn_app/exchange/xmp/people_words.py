"""The words of digiKam for people, which its keywords are in the language of its user.

Each is folded as `str.casefold` does, and is that of digiKam 7.9 in all languages it has.
"""

PEOPLE = frozenset(
    {  # the keyword above all names
        *("people", "personen", "personas", "personnes", "persone", "persones", "persoas"),
        *("pessoas", "personer", "personar", "mensen", "ihmiset", "inimesed", "cilvēki", "žmonės"),
        *("ludzie", "lidé", "ľudia", "ljudje", "osobe", "emberek", "jendartea", "daoine", "fólk"),
        *("kişiler", "orang", "люди", "людзі", "άνθρωποι", "الأشخاص", "ხალხი", "ਲੋਕ", "មនុស្ស"),
        *("人物", "사람들"),
    }
)
NOBODY = frozenset(
    {  # keywords beside the names: of faces that nobody named, that only digiKam thinks so, ...
        *("unknown", "unbekannt", "desconocido", "desconhecidas", "descoñecido", "desconeguda"),
        *("inconnus", "sconosciuti", "necunoscut", "onbekend", "ukendt", "ukjent", "ukjend"),
        *("okända", "óþekkt", "tuntematon", "tundmatu", "nezināmi", "nežinoma", "nieznany"),
        *("neznámý", "neznáme", "neznano", "nepoznata", "ismeretlen", "ezezaguna", "anaithnid"),
        *("bilinmeyen", "nekonata", "неизвестные", "невідомі", "невядома", "άγνωστα", "مجهول"),
        *("ناشناخته", "უცნობია", "ਅਣਜਾਣ", "មិនស្គាល់", "未知", "不明", "알 수 없음"),
        *("unconfirmed", "unbestätigt", "sin confirmar", "sem confirmação", "sen confirmar"),
        *("sense confirmació", "non confirmé", "non confermati", "onbevestigd", "obekräftade"),
        *("ikkje stadfesta", "óstaðfest", "ei vahvistettu", "kinnitamata", "neapstiprināti"),
        *("niepotwierdzona", "nepotvrzeno", "nepotvrdené", "nepotrjeno", "berretsi gabea"),
        *("onaylanmamış", "неподтверждённые", "не підтверджено", "не пацверджана"),
        *("χωρίσ επιβεβαίωση", "დაუდასტურებელი", "未确认", "미확인"),
        *("ignored", "ignoriert", "ignorada", "ignoradas", "ignoré", "ignorati", "genegeerd"),
        *("ignorerade", "hunsað", "ohitettu", "pomijany", "ignorováno", "ignorované", "prezrto"),
        *("kihagyva", "diabaikan", "игонорируемые", "ігноровані", "ігнаруюцца", "مُتجاهَل"),
        *("იგნორირებულია", "已忽略", "무시됨"),
    }
)
