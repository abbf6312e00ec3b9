//! Portuguese.

use super::{Questions, Tables};

#[rustfmt::skip] // a word a line would be pages
pub(super) const TABLES: Tables = Tables {
    trailing: &[
        "e", "ou", "mas", "porque", "com", "sem", "para", "pra", "por", "de", "do", "da", "dos", "das", "a", "ao",
        "à", "em", "no", "na", "nos", "nas", "num", "numa", "desde", "até", "sobre", "entre", "o", "os", "as", "um",
        "uma", "uns", "umas", "meu", "minha", "meus", "minhas", "seu", "sua", "nosso", "nossa", "é", "são", "era",
        "sou", "está", "estou", "que", "se", "quando", "onde", "como", "quero", "queria", "gostaria de", "gostaria",
        "preciso", "preciso de", "tenho", "temos", "há", "muito", "mais", "eu", "nós", "me chamo", "meu nome é",
        "então", "também", "senhor", "senhora", "número", "queria saber",
    ],
    fillers: &[
        "é", "hã", "hum", "hmm", "ahn", "éh", "bem", "bom", "tipo", "quer dizer", "deixa ver", "deixe-me ver",
        "sei lá", "digamos", "pois", "né", "acho que", "um", "uh",
    ],
    yes: &[
        "sim", "claro", "com certeza", "certo", "correto", "exato", "isso", "isso mesmo", "está bem", "tudo bem",
        "pode ser", "por favor", "ok", "okay", "perfeito", "tá", "tá bom", "está bom", "é sim",
    ],
    no: &[
        "não", "não obrigado", "não obrigada", "ainda não", "nunca", "não sei", "tanto faz", "não não",
    ],
    greetings: &[
        "olá", "oi", "alô", "bom dia", "boa tarde", "boa noite", "desculpe", "com licença", "estou",
    ],
    closings: &[
        "obrigado", "obrigada", "muito obrigado", "muito obrigada", "tchau", "adeus", "até logo", "é só isso",
        "só isso", "é tudo", "mais nada", "até mais", "bom dia para você",
    ],
    backchannels: &[
        "mm", "mhm", "mm-hm", "hm", "hmm", "hum", "ah", "oh", "aham", "uhum", "sim", "sei", "certo", "tá", "ok",
        "okay", "claro", "entendi", "entendo", "pois", "pois é", "isso", "está bem", "bom", "um", "uh",
    ],
    holds: &[
        "um momento", "um momentinho", "um segundo", "um minuto", "um minutinho", "só um momento", "só um minuto",
        "só um segundo", "espere", "espera", "espere um pouco", "espera aí", "peraí", "aguarde", "não desligue",
        "um instante", "só um instante",
    ],
    corrections: &[
        "não desculpe", "desculpe", "não espera", "ou melhor", "quer dizer", "me enganei", "perdão",
    ],
    announces: &[
        "tenho uma pergunta", "tenho uma dúvida", "tenho um problema", "mais uma coisa", "outra coisa",
        "outra pergunta", "me chamo", "meu nome é", "o meu nome é", "aqui é", "é sobre", "ligo por causa",
    ],
    conditions: &["se", "quando", "porque", "embora", "enquanto"],
    asks: &[
        "pode", "posso", "poderia", "podemos", "tem", "têm", "há", "quanto", "quando", "onde", "que horas", "qual",
        "como", "por que", "quem", "é possível", "saber se",
    ],
    digits: &[
        "zero", "um", "uma", "dois", "duas", "três", "quatro", "cinco", "seis", "meia", "sete", "oito", "nove",
    ],
    numbers: &[
        "dez", "onze", "doze", "treze", "catorze", "quatorze", "quinze", "dezesseis", "dezasseis", "dezessete",
        "dezassete", "dezoito", "dezenove", "dezanove", "vinte", "trinta", "quarenta", "cinquenta", "sessenta",
        "setenta", "oitenta", "noventa", "cem", "cento", "mil", "novecentos",
    ],
    times: &[
        "segunda", "segunda-feira", "terça", "terça-feira", "quarta", "quarta-feira", "quinta", "quinta-feira",
        "sexta", "sexta-feira", "sábado", "domingo", "hoje", "amanhã", "manhã", "tarde", "noite", "meio-dia",
        "meia-noite", "horas", "semana", "mês", "dias", "ano", "anos", "janeiro", "fevereiro", "março", "abril",
        "maio", "junho", "julho", "agosto", "setembro", "outubro", "novembro", "dezembro",
    ],
    symbols: &[
        "arroba", "ponto", "hífen", "traço", "barra", "underline", "sublinhado",
    ],
    phone_digits: &[9, 10, 11],
    questions: Questions {
        spelling: &["soletrar", "soletre", "e-mail", "email", "letra por letra"],
        count: &["quantos", "quantas", "quanto"],
        number: &[
            "telefone", "número", "celular", "telemóvel", "código", "conta", "cartão", "cpf",
        ],
        address: &["endereço", "morada", "onde mora", "rua"],
        birth: &["nasceu", "nascimento", "aniversário"],
        when: &[
            "quando", "que horas", "que dia", "data", "qual dia", "há quanto tempo",
        ],
        name: &["nome", "chama", "sobrenome", "apelido", "quem"],
        closed: &[
            "é", "está", "são", "quer", "deseja", "pode", "posso", "poderia", "tem", "gostaria", "certo", "correto",
            "já", "mais alguma coisa", "algo mais", "seria", "prefere", "tudo bem",
        ],
        more: &[
            "mais alguma coisa", "algo mais", "outra coisa", "mais perguntas", "alguma dúvida", "outra pergunta",
        ],
        time: &["hora", "horas"],
        open: &[
            "como posso", "em que", "o que", "conte", "diga", "por que", "como",
        ],
    },
};
