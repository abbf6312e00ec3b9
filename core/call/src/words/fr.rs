//! French.

use super::{Questions, Tables};

#[rustfmt::skip] // a word a line would be pages
pub(super) const TABLES: Tables = Tables {
    trailing: &[
        "et", "ou", "mais", "parce que", "car", "avec", "sans", "pour", "de", "du", "des", "à", "au", "aux", "en",
        "dans", "sur", "sous", "chez", "vers", "par", "depuis", "jusqu'à", "le", "la", "les", "l'", "un", "une",
        "mon", "ma", "mes", "votre", "vos", "notre", "nos", "son", "sa", "ses", "ce", "cette", "ces", "est", "sont",
        "était", "suis", "c'est", "qui", "que", "qu'", "si", "quand", "où", "comme", "je", "j'ai", "nous", "vous",
        "il", "elle", "on", "je voudrais", "j'aimerais", "je veux", "je m'appelle", "mon nom est", "il faut", "très",
        "plus", "pas", "donc", "puis", "entre", "d'", "monsieur", "madame", "numéro", "y a",
        "je voulais savoir", "me demandais",
    ],
    fillers: &[
        "euh", "heu", "hum", "hmm", "ben", "bah", "bon", "alors", "enfin", "disons", "voyons", "attendez voir",
        "comment dire", "tu vois", "vous voyez", "je crois", "je pense", "um", "uh",
    ],
    yes: &[
        "oui", "ouais", "si", "bien sûr", "d'accord", "tout à fait", "exactement", "c'est ça", "c'est exact",
        "parfait", "très bien", "volontiers", "s'il vous plaît", "avec plaisir", "ok", "okay", "ça marche",
        "ça me va", "entendu", "absolument",
    ],
    no: &[
        "non", "non merci", "pas encore", "pas du tout", "jamais", "je ne sais pas", "ça m'est égal", "pas vraiment",
    ],
    greetings: &[
        "bonjour", "bonsoir", "allô", "salut", "pardon", "excusez-moi", "bonjour madame", "bonjour monsieur",
    ],
    closings: &[
        "merci", "merci beaucoup", "merci bien", "au revoir", "bonne journée", "bonne soirée", "c'est tout",
        "ce sera tout", "rien d'autre", "à bientôt",
    ],
    backchannels: &[
        "mm", "mhm", "mm-hm", "hm", "hmm", "hum", "ah", "oh", "euh", "ouais", "oui", "d'accord", "ok", "okay",
        "je vois", "ah bon", "très bien", "bien", "bon", "voilà", "c'est ça", "entendu", "um", "uh",
    ],
    holds: &[
        "un moment", "un instant", "une seconde", "une minute", "attendez", "attends", "attendez un instant",
        "attendez une seconde", "un instant s'il vous plaît", "un petit instant", "deux secondes", "ne quittez pas",
        "patientez", "laissez-moi regarder", "deux minutes",
    ],
    corrections: &[
        "non pardon", "pardon", "non attendez", "plutôt", "je me trompe", "excusez-moi",
    ],
    announces: &[
        "j'ai une question", "j'ai un problème", "encore une chose", "autre chose", "une autre question",
        "je m'appelle", "mon nom est", "ici", "dites-moi", "c'est au sujet", "j'appelle pour",
    ],
    conditions: &["quand", "parce que", "bien que", "puisque"],
    asks: &[
        "est-ce que", "pouvez-vous", "pourriez-vous", "puis-je", "peut-on", "avez-vous", "y a-t-il", "combien",
        "quand", "où", "quel", "quelle", "comment", "pourquoi", "qui", "savoir si", "c'est possible",
    ],
    digits: &[
        "zéro", "un", "une", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "double",
    ],
    numbers: &[
        "dix", "onze", "douze", "treize", "quatorze", "quinze", "seize", "vingt", "trente", "quarante", "cinquante",
        "soixante", "soixante-dix", "quatre-vingt", "quatre-vingts", "quatre-vingt-dix", "cent", "mille", "dix-sept",
        "dix-huit", "dix-neuf",
    ],
    times: &[
        "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche", "aujourd'hui", "demain",
        "après-demain", "matin", "midi", "après-midi", "soir", "minuit", "heure", "heures", "semaine", "mois",
        "jours", "an", "ans", "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre",
        "octobre", "novembre", "décembre",
    ],
    symbols: &["arobase", "point", "tiret", "slash", "arrobase"],
    phone_digits: &[10],
    questions: Questions {
        spelling: &[
            "épeler", "épelez", "e-mail", "email", "mail", "courriel", "lettre par lettre",
        ],
        count: &["combien"],
        number: &["téléphone", "numéro", "portable", "code", "compte", "carte"],
        address: &["adresse", "où habitez-vous", "rue"],
        birth: &["né", "née", "naissance", "anniversaire"],
        when: &[
            "quand", "quelle heure", "quel jour", "quelle date", "date", "depuis combien",
        ],
        name: &["nom", "prénom", "appelez-vous", "qui"],
        closed: &[
            "est-ce que", "est-ce", "voulez-vous", "souhaitez-vous", "désirez-vous", "puis-je", "pouvez-vous",
            "avez-vous", "êtes-vous", "c'est bien", "c'est", "d'accord", "autre chose", "cela vous",
        ],
        more: &[
            "autre chose", "d'autres questions", "une autre question", "des questions",
        ],
        time: &["heure"],
        open: &[
            "comment puis-je", "que puis-je", "en quoi", "qu'est-ce", "racontez", "dites-moi", "pourquoi", "comment",
        ],
    },
};
