//! Spanish.

use super::{Questions, Tables};

#[rustfmt::skip] // a word a line would be pages
pub(super) const TABLES: Tables = Tables {
    trailing: &[
        "y", "e", "o", "u", "pero", "porque", "con", "sin", "para", "por", "de", "del", "a", "al", "en", "desde",
        "hasta", "sobre", "entre", "el", "la", "los", "las", "lo", "un", "una", "unos", "unas", "mi", "mis", "tu",
        "su", "sus", "nuestro", "nuestra", "es", "son", "era", "soy", "está", "están", "estoy", "que", "si", "cuando",
        "donde", "como", "quiero", "quería", "quisiera", "querría", "necesito", "tengo", "tenemos", "hay", "muy",
        "más", "no es", "me llamo", "mi nombre es", "puede", "podría", "yo", "nosotros", "ni", "aunque", "entonces",
        "también", "señor", "señora", "número", "doble", "quería saber", "me preguntaba",
    ],
    fillers: &[
        "eh", "este", "em", "mm", "hmm", "pues", "bueno", "o sea", "a ver", "digamos", "es que", "déjame ver",
        "déjeme ver", "cómo se dice", "creo que", "um", "uh",
    ],
    yes: &[
        "sí", "si", "claro", "claro que sí", "vale", "de acuerdo", "correcto", "exacto", "eso es", "perfecto",
        "muy bien", "está bien", "por supuesto", "por favor", "ok", "okay", "bien", "así es",
    ],
    no: &[
        "no", "no gracias", "todavía no", "nunca", "no lo sé", "no sé", "me da igual",
    ],
    greetings: &[
        "hola", "buenos días", "buenas tardes", "buenas noches", "buenas", "buen día", "perdón", "disculpe", "oiga",
        "diga", "dígame",
    ],
    closings: &[
        "gracias", "muchas gracias", "adiós", "hasta luego", "eso es todo", "nada más", "chao", "hasta pronto",
        "que tenga un buen día",
    ],
    backchannels: &[
        "mm", "mhm", "mm-hm", "ajá", "aja", "ah", "oh", "eh", "um", "uh", "hm", "hmm", "ya", "sí", "si", "claro",
        "vale", "ok", "okay", "bien", "bueno", "entiendo", "ya veo", "de acuerdo", "muy bien", "perfecto",
    ],
    holds: &[
        "un momento", "un momentito", "un segundo", "un segundito", "espere", "espera", "espere un momento",
        "espera un momento", "un momento por favor", "deme un segundo", "deme un momento", "dame un segundo",
        "no cuelgue", "un minuto", "aguarde", "aguarde un momento",
    ],
    corrections: &[
        "no perdón", "perdón", "no espera", "no espere", "mejor dicho", "digo", "me equivoqué",
    ],
    announces: &[
        "tengo una pregunta", "tengo un problema", "una cosa más", "otra cosa", "otra pregunta", "me llamo",
        "mi nombre es", "soy", "dígame", "es sobre", "llamo por",
    ],
    conditions: &["cuando", "porque", "aunque", "mientras"],
    asks: &[
        "puede", "puedo", "podría", "podrían", "podemos", "tienen", "tiene", "hay", "cuánto", "cuándo", "dónde",
        "qué", "cuál", "cómo", "por qué", "quién", "es posible", "me puede", "saber si",
    ],
    digits: &[
        "cero", "uno", "una", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "doble",
    ],
    numbers: &[
        "diez", "once", "doce", "trece", "catorce", "quince", "dieciséis", "diecisiete", "dieciocho", "diecinueve",
        "veinte", "veintiuno", "treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa", "cien",
        "ciento", "mil", "novecientos",
    ],
    times: &[
        "lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo", "hoy", "mañana", "pasado mañana",
        "tarde", "noche", "mediodía", "medianoche", "semana", "mes", "días", "año", "años", "enero", "febrero",
        "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre",
    ],
    symbols: &[
        "arroba", "punto", "guion", "guión", "barra", "guion bajo", "guión bajo",
    ],
    phone_digits: &[9, 10],
    questions: Questions {
        spelling: &[
            "deletrear", "deletrea", "deletreármelo", "correo", "email", "e-mail", "letra por letra",
        ],
        count: &["cuántos", "cuántas", "cuánto"],
        number: &[
            "teléfono", "número", "móvil", "celular", "código", "cuenta", "tarjeta",
        ],
        address: &["dirección", "dónde vive", "calle", "domicilio"],
        birth: &["nació", "nacimiento", "cumpleaños"],
        when: &["cuándo", "qué hora", "qué día", "fecha", "a qué hora"],
        name: &["nombre", "llama", "apellido", "quién"],
        closed: &[
            "es", "está", "son", "quiere", "quieres", "desea", "puede", "puedo", "podría", "tiene", "ha", "le",
            "correcto", "verdad", "hay", "algo más", "de acuerdo", "sería", "prefiere",
        ],
        more: &[
            "algo más", "alguna otra", "otra cosa", "más preguntas", "otra pregunta", "alguna pregunta",
        ],
        time: &["hora"],
        open: &["en qué", "cómo", "qué", "cuénteme", "dígame", "por qué"],
    },
};
