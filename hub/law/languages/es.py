# SPDX-License-Identifier: Apache-2.0
"""Spanish."""

from hub.law.languages.language import Language

SPANISH = Language(
    code="es",
    strong="""desuscribir, desuscribirme, desuscribirse, desuscripción, desinscribirme, desuscríbeme,
        desuscríbanme, desuscribir por favor, desuscribidme""",
    whole="""alto, baja, darme de baja, dar de baja, cancelar, parar, detener, basta, ya basta, basta ya, no más, paren,
        cancelar suscripción, cancelen, fuera, salir""",
    whole_all="parar todo, paren todo, cancelar todo, stop todo, nada más nunca",
    filler="""por, favor, porfa, gracias, hola, buenas, buenos, días, tardes, ya, ahora, no, quiero,
        inmediatamente, saludos, saludo, cordial, señores, estimados, un, tarde, noches, favo""",
    ads="""publicidad, promociones, promoción, ofertas, anuncios, boletín, boletines, propaganda,
        publicitarios, comerciales, publicitaria, promocionales, spam, rebajas, descuentos,
        newsletter, promos, promo, marketing""",
    messages="""mensajes, mensaje, notificaciones, avisos, lista, listas, número, contactos, suscripción,
        correos, sms, comunicaciones, mensajitos, teléfono, contacto, whatsapp, chat, base de datos,
        envíos publicitarios, wasaps, agenda""",
    other="""entrega, envío, envíos, paquete, pedido, pedidos, cita, citas, reserva, factura, pago,
        contrato, seguro, clase, clases, curso, dirección, cuenta, bus, coche, lavadora, artículo,
        producto, talla, médica, piso, planta, kilos, caja, plaza, plazas, obra, foto, fotos,
        cebolla, tomate, bolsa, carrito, tarjeta, código, parada, reembolso, devolución, mesa,
        habitación, vuelo, puerta, timbre, precio, trabajo, mudado, azul""",
    spelled="publicidad, desuscribir, desuscribirme, promociones, mensajes",
    not_typos="suscribir, masajes, masaje, mensaje, promociones",
    short="""
        k=que, q=que, xfavor=favor, x=por, xfa=favor, msj=mensajes, tb=también
    """,
    words={
        "write": """escriban, escribas, escriba, escribáis, escribirme, escribir, envíen, envíes, envíe,
            enviéis, enviarme, enviar, manden, mandes, mande, mandéis, mandarme, mandar, contacten,
            contactes, contacte, contactéis, contactarme, contactar, molesten, molestes, molestarme,
            molestar, escribirnos, lleguen, enviándome, enviad, mandadme, enviadme, whatsappeen,
            mandara, mandaran, enviara, enviaran, escribieran, contactarnos, contactad, acosen, acoséis,
            enviarnos, bombardeen""",
        "want": "quiero, deseo, quisiera, necesito, queremos, me interesan",
        "quit": """dejen de, deja de, deje de, dejad de, paren de, pare de, para de, parad de, basta de,
            dejen ya de, dejad ya de, dejar de, parar de, cesen de, basta ya de, eviten""",
        "take": """quítenme, quítame, quíteme, sáquenme, sácame, sáqueme, bórrenme, bórrame, elimínenme,
            elimíname, quitarme, sacarme, borrarme, eliminarme, sacadme, quitadme, retírenme,
            desuscríbanme, bájenme, borradme, borrenme, eliminadme, darme de baja, denme de baja,
            dadme de baja, saquenme, quitenme, eliminenme, bórreme""",
    },
    remove_me="""
        {take}
        (darme|dame|denme|dadme|me den|dar|me doy|deme|den) [por favor] de baja
        desuscri*
        (quiero|solicito|pido) [la] baja (de|del)
        me .. (quitar|sacar|eliminar|borrar|bajar|excluir) (de|del)
        (pueden|podéis|puede|podrían|podría) (quitarme|sacarme|eliminarme|borrarme|desuscribirme)
        (baja) (de|del) [la|las|los|este|esta|estos|su|sus] [lista|servicio|publicidad|boletín|mensajes]
    """,
    erase_me="""
        (borren|borra|borrar|borre|eliminen|elimina) [todos] (mi|mis)
        (eliminar|elimine|supriman|suprimir|quiten|quita|borrad) [todos] (mi|mis)
        (borrado|eliminación|supresión) de [todos] [mi|mis]
    """,
    objection="""
        me opongo
        (revoco|retiro|retirar|revocar) (mi|el) (consentimiento|autorización|permiso)
        (revoco|retiro|retirar|revocar|anulo) ... (consentimiento|autorización|permiso)
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
        no (vuelvan|vuelvas|vuelva|volváis) a {write}
        (dejen|dejad|deje|deja|paren|parad|pare|cesen|dejar) (de|con|ya de) {write}
        no .. {write} (más|nunca|jamás)
        que no (me|nos) {write}
        no (me|nos) {write} (más|ya)
    """,
    no_more="""
        (no|ya no) {want} [recibir|más|ver|seguir recibiendo] [más|sus|su|vuestra|vuestras|de sus|tanta] {about}
        (no|ya no) {want} (recibir|seguir recibiendo) ... {about}
        (no|ya no) {want} (recibir|seguir recibiendo) (nada|más)
        no [me|nos] .. {write} ... {about}
        (no|nada de|sin|cero|ninguna) más .. {about}
        (no más|nada de|sin|cero) {ads}
        (basta|harto|harta|cansado|cansada) [ya] (de|con) ... {about}
        (ya no|no) {want} (recibir|seguir recibiendo|que me llegue|que lleguen) ... {about}
        (paren|parad|basta|dejen|dejad|acaben|corten) (con|de) .. {about}
        (nada de|cero|ninguna|fuera) .. {ads}
        no (me|nos) interesa* ... {about}
        no estoy interesad* en ... {about}
        (harto|harta|cansado|cansada|aburrido|aburrida) ... {about}
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
        (paren|detengan|pare|parad|cancelen) (todo|absolutamente todo)
        ningún (mensaje|contacto) (de nada|más|en absoluto)
        (por ningún|bajo ningún) (medio|concepto)
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
        (qué pesad*|plast*|agobi*|abusiv*|insufribl*|bombarde*)
        (otra|otro|más) .. (oferta|promoción|ofertón|publicidad)
        (menos) (mensajes|a menudo|veces|frecuencia|seguido)
        (de dónde|cómo) ... (mi número|mi teléfono)
        (nunca|jamás) ... (apunté|pedí|suscribí|autoricé|solicité)
        no soy (la|el|esa|ese)
    """,
    refusing="""
        (no|nada|nunca|jamás|ni|sin|basta|stop|dejen|dejad|dejar|paren)
        (parad|quit*|sac*|borr*|elimin*|cancel*|baja|rechaz*|ningún|ninguna|cero|fuera)
    """,
    reaching="""
        {write}
        (ustedes|vosotros|vuestro|vuestros|vuestras|sus) ... (escrib*|mand*|contact*)
    """,
    negated="""
        no (dejen|deje|deja|dejes|dejéis|paren|pare|pares|cancelen|cancele|quiten)
        (de baja médica|baja california|planta baja|estoy de baja)
        baja (el|la|de) precio
        alto ahí
        sin parar
    """,
    undone="""
        (por error me|sin querer|volver a suscribir*|suscribirme de nuevo)
        (por error|por equivocación|sin darme cuenta|fue sin querer)
    """,
    missed="(perderme|perder|perderse)",
    why="^ (por qué|porque|desde cuándo)",
    how="""
        cómo (puedo|me|se|hago)
        dónde (puedo|se)
        puedo
    """,
    limited="""
        (antes|hasta|después|salvo|excepto|de noche|tan tarde|tan seguido|más de|suscripción)
        (lunes|martes|miércoles|jueves|viernes|sábado|domingo)
        por (correo|email|mail)
        (antigua|antiguo|vieja|viejo)
    """,
    not_received="""
        no (he|me ha|me han|hemos) ... (recibido|llegado)
        no (recibí|recibo|llega|llegan|llegó|me llega|me llegan|me llegó)
        no ... (encuentro|encontré|abrir|entiendo|entendí|leer)
    """,
    access="""
        qué (datos|información) ... (tienen|tenéis|guardan|almacenan|conservan)
        (acceso a mis datos|copia de mis datos)
        qué saben (de|sobre) mí
    """,
    terminates="(cancelar|cancelen|rescindir|baja) ... (contrato|tarifa|membresía|póliza)",
)
