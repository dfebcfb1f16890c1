# SPDX-License-Identifier: Apache-2.0
"""Spanish."""

from hub.law.languages.language import Language

SPANISH = Language(
    code="es",
    strong="desuscribir, desuscribirme, desuscribirse, desuscripción, desinscribirme, desuscríbeme, desuscríbanme",
    whole="""alto, baja, darme de baja, dar de baja, cancelar, parar, detener, basta, ya basta, basta ya, no más, paren,
        cancelar suscripción, cancelen, fuera, salir""",
    whole_all="parar todo, paren todo, cancelar todo, stop todo, nada más nunca",
    filler="""por, favor, porfa, gracias, hola, buenas, buenos, días, tardes, ya, ahora, no, quiero, inmediatamente,
        saludos""",
    ads="""publicidad, promociones, promoción, ofertas, anuncios, boletín, boletines, propaganda, publicitarios,
        comerciales, publicitaria, promocionales""",
    messages="""mensajes, mensaje, notificaciones, avisos, lista, listas, número, contactos, suscripción, correos, sms,
        comunicaciones""",
    other="""entrega, envío, envíos, paquete, pedido, pedidos, cita, citas, reserva, factura, pago, contrato, seguro,
        clase, clases, curso, dirección, cuenta, bus, coche, lavadora, artículo, producto, talla, médica, piso, planta,
        kilos, caja""",
    spelled="publicidad, desuscribir, desuscribirme, promociones, mensajes",
    not_typos="suscribir, masajes, masaje, mensaje, promociones",
    words={
        "write": """escriban, escribas, escriba, escribáis, escribirme, escribir, envíen, envíes, envíe, enviéis,
            enviarme,
            enviar, manden, mandes, mande, mandéis, mandarme, mandar, contacten, contactes, contacte, contactéis,
            contactarme, contactar, molesten, molestes, molestarme, molestar, escribirnos, lleguen, enviándome""",
        "want": "quiero, deseo, quisiera, necesito, queremos, me interesan",
        "quit": "dejen de, deja de, deje de, dejad de, paren de, pare de, para de, parad de, basta de",
        "take": """quítenme, quítame, quíteme, sáquenme, sácame, sáqueme, bórrenme, bórrame, elimínenme, elimíname,
            quitarme, sacarme, borrarme, eliminarme, sacadme, quitadme, retírenme, desuscríbanme, bájenme""",
    },
    remove_me="""
        {take}
        (darme|dame|denme|dadme|me den|dar|me doy|deme|den) [por favor] de baja
        desuscri*
        (quiero|solicito|pido) [la] baja (de|del)
    """,
    erase_me="""
        (borren|borra|borrar|borre|eliminen|elimina) [todos] (mi|mis)
        (eliminar|elimine|supriman|suprimir|quiten|quita|borrad) [todos] (mi|mis)
        (borrado|eliminación|supresión) de [todos] [mi|mis]
    """,
    objection="""
        me opongo
        (revoco|retiro|retirar|revocar) (mi|el) (consentimiento|autorización|permiso)
    """,
    leave_me="(déjenme|déjame|déjeme|dejadme|dejarme) (en paz|tranquilo|tranquila)",
    do_not_write="""
        no (me|nos) {write} [más|nada]
        no (me|nos) .. {write}
        no {want} que (me|nos) {write}
        {quit} {write}
        no {write} más
        no vuelvan a {write}
        no {want} saber (más|nada)
    """,
    no_more="""
        (no|ya no) {want} [recibir|más|ver|seguir recibiendo] [más|sus|su|vuestra|vuestras|de sus|tanta] {about}
        (no|ya no) {want} (recibir|seguir recibiendo) ... {about}
        (no|ya no) {want} (recibir|seguir recibiendo) (nada|más)
        no [me|nos] .. {write} ... {about}
        (no|nada de|sin|cero|ninguna) más .. {about}
        (no más|nada de|sin|cero) {ads}
        (basta|harto|harta|cansado|cansada) [ya] (de|con) ... {about}
    """,
    ends="""
        (paren|parar|para|detengan|detener|cancelar|cancelen|cancela|cancele|anular|stop) .. {about}
        (eliminar|terminar) ... {ads}
    """,
    everything="""
        nunca (más|jamás) ... {write}
        no ... {write} nunca más
        no ... {write} (jamás|nunca)
        ningún (mensaje|contacto) de ningún tipo
    """,
    unsure="""
        (molest*|pesad*|cansa|cansan|acoso|acosando|hart*|spam|fastidi*|pesadez|insoportables)
        no (me|nos) interesa*
        no estoy interesad*
        número (equivocado|incorrecto|erróneo)
        equivoc* de (número|persona)
        (persona equivocada)
        (demasiados|tantos|muchos) mensajes
        (quién es|quiénes son|quién eres|quiénes sois)
        (sacaron|tienen|tenéis|consiguieron|obtuvieron|sacado) mi número
        cómo ... (baja|cancel*|desuscri*)
        (abogado|denuncia|denunciar|bloqueado|bloquear|aepd)
        ya (me di de baja|pedí la baja|les dije)
        nunca (me suscribí|di mi|autoricé|pedí)
    """,
    negated="""
        no (dejen|deje|deja|dejes|dejéis|paren|pare|pares|cancelen|cancele|quiten)
        (de baja médica|baja california|planta baja|estoy de baja)
        baja (el|la|de) precio
        alto ahí
        sin parar
    """,
    undone="(por error me|sin querer|volver a suscribir*|suscribirme de nuevo|perderme|perder)",
    why="^ (por qué|porque|desde cuándo)",
    how="""
        cómo (puedo|me|se|hago)
        dónde (puedo|se)
        puedo
    """,
    limited="(antes|hasta|después|salvo|excepto|de noche|tan tarde|tan seguido|más de|suscripción)",
    not_received="""
        no (he|me ha|me han|hemos) ... (recibido|llegado)
        no (recibí|recibo|llega|llegan|llegó|me llega|me llegan|me llegó)
    """,
    access="""
        qué (datos|información) ... (tienen|tenéis|guardan|almacenan|conservan)
        (acceso a mis datos|copia de mis datos)
        qué saben (de|sobre) mí
    """,
    terminates="(cancelar|cancelen|rescindir|baja) ... (contrato|tarifa|membresía|póliza)",
)
