import pytest
from datetime import date
from django.utils import timezone
from tests.documents.bills import make_issued
from tests.factories.accounts import make_account, make_member
@pytest.mark.django_db
def test_it(client):
    a = make_account(); u = make_member(account=a); client.force_login(u)
    i = make_issued(account=a)
    for p in ("/bills", f"/bills/{i.number}", f"/bills/{i.number}.pdf"):
        r = client.get(p); print(p, r.status_code); open("/tmp/out"+p.replace("/","_")+".html","wb").write(r.content)
