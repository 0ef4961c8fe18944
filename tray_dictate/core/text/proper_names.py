"""Lists names that English always spells with a capital, here in small letters.

No list is complete: a user's own names belong in text.words. A word that is also an ordinary
one (may, will, mark, rose, bill, march, turkey, china) is left out: in mid-sentence it mostly is.
"""

from __future__ import annotations

_CALENDAR = """
monday tuesday wednesday thursday friday saturday sunday mondays tuesdays wednesdays thursdays
fridays saturdays sundays january february april june july august september october november
december christmas easter ramadan thanksgiving halloween hanukkah passover diwali pentecost
"""
_PEOPLE = """
aaron abigail adam adrian agnes ahmed aisha alan albert alberto alex alexander alexandra alfred ali
alice alison allison amanda amelia amir amy ana anders andrea andreas andrew andy angela angelina
anita ann anna anne annette annie anthony antonio arthur ashley astrid audrey barbara beatrice
benjamin bernard bernd beth bettina betty björn bob brandon brenda brian bridget bruce bryan carl
carla carlos carmen carol caroline catherine cathy cecilia charles charlie charlotte chen chloe
chris christian christina christine christopher claire clara claudia colin connor craig cynthia
damian daniel daniela danielle david deborah denise dennis derek diana diane diego dieter dimitri
dmitri dominic donald donna dorothy douglas duncan dylan edgar edith eduardo edward eileen elaine
eleanor elena eli elias elizabeth ella ellen elliot elsa emil emily emma eric erik erika ethan eva
evelyn fatima felix fernando fiona florence florian francesca francesco francis francisco
françois franz frederick frederik friedrich gabriel gareth gavin geoffrey george gerald gerhard
giovanni giulia gloria gordon graham greg gregory greta gustav gwen hannah hans harold harriet
harry heather heidi heinrich heinz helen helena helga henrik henry herbert hiroshi howard hugo ian
ibrahim igor ingrid irene isaac isabel isabella ivan jacob jacqueline jake james jamie jan jane
janet janice jasmine jason javier jean jeff jeffrey jennifer jenny jeremy jerry jessica jill jim
jimmy joan joanna jochen joe joel johan johann johanna john johnny jon jonas jonathan jordan jorge
josé josef joseph josephine joshua juan judith judy julia julian julie juliet jürgen justin karen
karin karl kate katherine kathleen kathryn kathy katie keith kelly kenneth kenji kevin khalid
klaus kristin kumar kyle larry laura lauren laurence lawrence leah lena leo leon leonard leslie
liam lily linda lindsay lisa liz lopez lorenzo louis louise luca lucas lucia lucy luis lukas luke
lydia madeleine maggie magnus malcolm manfred manuel marc marcel marco marcus margaret margarita
maria marie marilyn mario marion marjorie marta martha martin martina mary mateo mathias matthew
matthias maureen maurice maya megan mei melanie melissa mercedes michael michelle miguel mikhail
mila miriam mohamed mohammed molly monica monika morgan muhammad nadia nancy naomi natalia natalie
natasha nathan neil nicholas nick nicola nicolas nicole nigel nikita nikolai nina nora norman
oliver olivia olga omar oscar oskar otto pablo pamela patricia patrick paul paula pauline pedro
peggy penelope peter petra philip phillip phoebe pierre priya rachel rafael raj ralph ramon raphael
raymond rebecca regina reinhard renate ricardo richard rita robert roberto roger roland rolf ronald
rosemary roxanne rudolf russell ruth ryan sabine sabrina samantha samuel sandra sanjay sara sarah
satoshi scott sean sebastian sergei sergey shannon sharon sheila shirley silvia simon simone sofia
sonia sophia sophie stefan stefanie stella stephan stephanie stephen steve steven stuart sue
susan susanne suzanne svetlana sven sylvia tamara tania tanya tara ted teresa terry theo theodore
theresa thomas tim timothy tina tobias todd tom tommy tony tracy ulrich ulrike ursula uwe valentina
valerie vanessa vera veronica vicky victor victoria viktor vincent virginia vivian vladimir walter
wendy werner wilhelm william winston wolfgang yasmin yuki yusuf yvonne zachary zoe
anderson bauer becker brown campbell clark davies davis evans fischer fernandez garcia gonzalez
harris hernandez hoffmann hughes jackson johnson jones keller khan kowalski lewis martinez
mcdonald meyer mitchell müller murphy nguyen nowak o'brien o'connor o'neill patel perez peterson
ramirez roberts robinson rodriguez rossi sanchez schmidt schneider schulz schwarz sharma silva
singh smith stewart taylor thompson torres tremblay wagner walker watson weber williams wilson
wright yamamoto beethoven bach mozart darwin einstein newton shakespeare
"""
_PLACES = """
afghanistan africa alabama alaska albania alberta algeria algiers america amsterdam anatolia andes
angola ankara antarctica arabia argentina arizona arkansas armenia asia athens atlanta atlantic
auckland austin australia austria azerbaijan baghdad bali baltic baltimore bangkok bangladesh
barcelona basel bavaria beijing beirut belarus belfast belgium belgrade bergen berlin bern bilbao
birmingham bogotá bologna bolivia bonn bordeaux bosnia boston bratislava brazil bremen brisbane
bristol britain brittany brooklyn brussels bucharest budapest bulgaria burma cairo calcutta
california cambodia cambridge cameroon canada canberra caracas cardiff caribbean casablanca
catalonia chicago chile chennai cleveland cologne colombia colorado connecticut copenhagen
cornwall croatia
cuba cyprus czechia dakota dallas damascus delaware delhi denmark denver detroit dortmund dresden
dubai dublin düsseldorf ecuador edinburgh egypt england eritrea essex estonia ethiopia eurasia
europe finland florence florida france frankfurt geneva genoa georgia germany ghana gibraltar
glasgow gothenburg greece greenland grenoble guatemala guinea haiti hamburg hannover hanoi havana
hawaii heidelberg helsinki himalayas hiroshima holland honduras houston hungary iceland idaho
illinois india indiana indonesia iowa iran iraq ireland islamabad israel istanbul italy jakarta
jamaica japan jerusalem johannesburg kabul kansas karachi kashmir kazakhstan kent kentucky kenya
kiev kyiv korea kosovo kraków kuwait lagos lancaster laos lapland latvia lausanne lebanon leeds
leipzig lesotho liberia libya liechtenstein lima lisbon lithuania liverpool ljubljana london
louisiana luxembourg lyon madrid maine malaysia malta manchester manhattan manila marrakesh
marseille maryland massachusetts mediterranean melbourne memphis mexico miami michigan milan
minneapolis minnesota mississippi missouri moldova monaco mongolia montana montenegro montreal
morocco moscow mozambique mumbai munich myanmar nairobi namibia naples nebraska nepal netherlands
nevada newcastle nicaragua nigeria norfolk normandy norway nottingham nova nuremberg oakland oahu
odessa ohio oklahoma ontario oregon osaka oslo ottawa oxford pacific pakistan palermo palestine
panama paraguay paris pennsylvania peru philadelphia philippines pittsburgh poland porto portugal
prague pretoria quebec queensland rhine rhineland riga romania rome rotterdam russia rwanda
salzburg samoa sarajevo sardinia saxony scandinavia scotland seattle senegal seoul serbia seville
shanghai siberia sicily singapore slovakia slovenia sofia somalia spain stockholm strasbourg
stuttgart sudan suffolk surrey sussex sweden switzerland sydney syria taipei taiwan tallinn
tanzania tasmania tehran tennessee texas thailand thames tibet tokyo toronto toulouse trieste
tunisia turin tuscany uganda ukraine uruguay utah utrecht uzbekistan vancouver venezuela venice
vermont vienna vietnam vilnius wales warsaw washington wellington wisconsin wyoming yemen
yorkshire zagreb zambia zealand zimbabwe zurich zürich
afghan african albanian american arab arabic argentinian armenian asian australian austrian
bavarian belgian bengali bosnian brazilian british bulgarian canadian cantonese catalan chilean
chinese christian colombian croatian cuban czech danish dutch egyptian english estonian ethiopian
european finnish french georgian german greek hebrew hindi hungarian icelandic indian indonesian
iranian iraqi irish israeli italian jamaican japanese jewish jew jews kenyan korean kurdish latin
latvian lebanese lithuanian malay mandarin mexican moroccan muslim buddhist hindu nepali nigerian
norwegian pakistani palestinian persian peruvian philippine portuguese punjabi romanian russian
scandinavian scottish serbian slovak slovenian somali spanish swahili swedish swiss syrian tamil
thai tibetan turkish ukrainian urdu vietnamese welsh americans germans russians italians
europeans canadians australians catholic protestant islam judaism christianity buddhism hinduism
"""
_MAKERS = """
adobe airbnb airbus alibaba alphabet anthropic apache atlassian audi autocad azure bing bitcoin
bluetooth boeing bosch chromium cisco citrix claude cloudflare cobol copilot debian deutsche disney
django docker dropbox ebay ericsson ethereum excel facebook fedora figma firefox fortran gemini
gnome gimp gitlab gmail google grafana gutenberg haskell hitachi honda huawei hyundai ibm ikea
illustrator inkscape instagram intel internet javascript jenkins jira jupyter kafka kindle kotlin
kubernetes lego lenovo libreoffice linkedin linux logitech lufthansa microsoft mozilla netflix
nintendo nokia nvidia obsidian odoo openai oracle outlook paypal pfizer philips photoshop
pinterest playstation porsche postgres powerpoint prometheus pytorch qualcomm quora raspberry
reddit renault samsung salesforce siemens skype slack snapchat spotify stackoverflow starbucks
stripe sumatra tesla telegram tensorflow terraform thunderbird tiktok toyota trello twitter
typescript uber ubuntu unesco unicef verizon volkswagen volvo wayland whatsapp wikipedia wordpress
xbox yahoo youtube zendesk
"""
NAMES = frozenset(f"{_CALENDAR}{_PEOPLE}{_PLACES}{_MAKERS}".split())
